#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# Hostile image archives are refused, or contained, with a clear error; the daemon lives on.
load ../e2e/lib
load canary

alive() { same "$(hull run --rm $IMAGE echo alive)" alive; }
refused() { # NAME EVILIMG-ARGUMENTS...
	evil "$@"
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ] || { echo "not refused ($status): $*: $output"; return 1; }
	[ -n "$output" ]
	canary_check
	api GET "/images/$1/json"
	[ "$code" = 404 ] || [ "$code" = 400 ] # 400: it is no name at all
}
contained() { # NAME EVILIMG-ARGUMENTS...: refused or loaded, but nothing outside
	evil "$@"
	[ "$status" -ne 124 ]
	canary_check
}

@test "traversal in entry names" {
	contained t:1 "f:../../../../../../../../../..$CANARY/f1=owned"
	contained t:2 "f:a/../../../../../../../..$CANARY/new=owned"
	contained t:3 "f:$CANARY/new=owned"
	contained t:4 'd:..' 'f:../x=owned'
	[ ! -e "$CANARY/new" ]
	[ ! -e "$T/data/x" ]
	alive
}

@test "links out, then writing through them" {
	contained l:1 "l:out>$CANARY" 'f:out/f1=owned' 'f:out/new=owned'
	contained l:2 "l:out>../../../../../../../..$CANARY" 'd:out/dir' 'f:out/dir/new=owned'
	contained l:3 "h:hard>$CANARY/f1" 'f:hard=owned'
	contained l:4 "h:hard>../../../../../../../..$CANARY/f1"
	contained l:5 "l:etc>$CANARY/dir" 'f:etc/new=owned'
	contained l:6 "l:a>b" 'l:b>a' 'f:a/x=owned'
	[ ! -e "$CANARY/dir/new" ]
	alive
}

@test "whiteouts cannot remove outside" {
	contained w:1 "f:../../../../../../../..$CANARY/.wh.f1="
	contained w:2 "l:out>$CANARY" 'f:out/.wh.f1='
	contained w:3 'f:.wh...=' 'f:.wh..=' 'f:a/.wh..='
	contained w:4 "l:out>$CANARY/dir" 'f:out/.wh..wh..opq='
	alive
}

@test "a layer root that is a link or a file" {
	contained r:1 "l:.>$CANARY"
	contained r:2 "l:/>$CANARY"
	contained r:3 'f:.=x'
	alive
}

@test "devices in layers are no way to the host's" {
	contained d:1 'c:mem=1:1' 'c:sda=8:0'
	[ "$status" != 0 ] || {
		run hull run --rm d:1 /bin/head -c 1 /mem
		contains "$output" "Operation not permitted"
	}
}

@test "attributes that steer overlayfs or the kernel are dropped" {
	contained x:1 'x:f=trusted.overlay.redirect=/etc' 'x:g=security.selinux=x'
	contained x:2 'x:f=user.overlay.whiteout=y'
	alive
}

@test "wrong digests, missing layers, paths out of the archive, broken JSON" {
	refused b:1 --break diffid 'f:a=b'
	refused b:2 --break nolayer 'f:a=b'
	refused b:3 --break layerpath 'f:a=b'
	refused b:4 --break config
	alive
}

@test "bombs and lies about sizes end soon and leave nothing" {
	refused bomb:1 --break bomb
	refused huge:1 --break huge
	alive
}

@test "duplicate entries and manifests do not confuse" {
	contained dup:1 'f:a=1' 'f:a=2' 'd:a' 'f:a=3'
	contained dup:2 --break dupes 'f:a=b'
	contained dup:3 "l:x>$CANARY" 'd:x' 'f:x/f1=owned'
	alive
}

@test "deep trees and long names" {
	local deep; deep=$(python3 -c 'print("d/" * 1900)')
	contained deep:1 "f:${deep}x=1"
	contained deep:2 "f:$(python3 -c 'print("n" * 300)')=1"
	contained deep:3 "f:$(python3 -c 'print("n/" * 40000)')x=1"
	alive
}

@test "an archive of links instead of files" {
	python3 - "$D/links.tar" "$CANARY" <<'P'
import sys, tarfile, json, io
t = tarfile.open(sys.argv[1], 'w')
for name, target in (('manifest.json', sys.argv[2] + '/f1'), ('config.json', sys.argv[2] + '/f2'), ('layer.tar', '/etc/shadow')):
    i = tarfile.TarInfo(name); i.type = tarfile.SYMTYPE; i.linkname = target; t.addfile(i)
t.close()
P
	run timeout 20 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" load -i "$D/links.tar"
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	no_canary "$output"
	alive
}

@test "names with control characters or dashes are refused" {
	refused "$(printf 'bad\033[31m:1')" || refused 'UPPER:1' 'f:a=b'
	contained -- 'f:a=b' || true
	run hull tag $IMAGE -- '--privileged'
	[ "$status" -ne 0 ]
	alive
}

@test "hostile configuration values are values" {
	evil cfg:1 --config '{"User":"-1","WorkingDir":"relative","Env":["A"],"ExposedPorts":{"x":{}},"StopSignal":"NOSUCH","Labels":{"a":"\u001b[31m"},"Healthcheck":{"Test":["NONE"]}}'
	[ "$status" -ne 124 ]
	if [ "$status" = 0 ]; then
		run hull run --rm cfg:1 /bin/id -u
		[ "$output" != 0 ]
		run -0 hull images
		lacks "$output" $'\033'
	fi
	evil cfg:2 --config '{"Cmd":"a string","Entrypoint":5}'
	[ "$status" -ne 124 ]
	alive
}
