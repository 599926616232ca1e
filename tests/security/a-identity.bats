#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# Process entry, descriptors and identity: rows A1-A13 of the table of known failures (SECURITY.md).
load ../e2e/lib
load canary

status_field() { awk -v k="$1:" '$1 == k { print $2 }'; }

@test "A1 the runtime cannot be overwritten through /proc/self/exe" {
	local before; before=$(find "$BIN" -maxdepth 1 -type f -name 'hull*' -exec sha256sum {} +)
	run hull run --rm --entrypoint /proc/self/exe $IMAGE
	hull run -d --name ow $IMAGE sh -c 'while :; do for p in /proc/[0-9]*; do [ "${p##*/}" = $$ ] || { true >>$p/exe; } 2>/dev/null; done; done' >/dev/null
	local n
	for n in $(seq 30); do hull exec ow true; done
	same "$(find "$BIN" -maxdepth 1 -type f -name 'hull*' -exec sha256sum {} +)" "$before"
}

@test "A2 a tracing container sees nothing of the host in new processes" {
	hull run -d --name tr --cap-add SYS_PTRACE $IMAGE sh -c 'while :; do for p in /proc/[0-9]*; do ls -l $p/fd $p/cwd $p/root 2>/dev/null; done; done' >/dev/null
	local n
	for n in $(seq 30); do hull exec tr true; done
	run hull logs --tail 20000 tr
	lacks "$output" "$T"
	lacks "$output" hull-runtime
}

@test "A3 no descriptor of the engine is open in the container, no cwd leads out" {
	same "$(hull run --rm $IMAGE sh -c 'ls /proc/self/fd | wc -l')" 4 # 0 1 2 and the directory itself
	hull run -d --name fd $IMAGE sleep 60 >/dev/null
	same "$(hull exec fd sh -c 'ls /proc/self/fd | wc -l')" 4
	local n
	for n in 3 4 5 6 7 8 9 10 12 15; do
		run hull run --rm -w "/proc/self/fd/$n" $IMAGE cat ../../../../../../..$CANARY/f1 ../../../../../../../..$CANARY/f1
		no_canary "$output"
		run hull exec -w "/proc/self/fd/$n" fd cat ../../../../../../..$CANARY/f1
		no_canary "$output"
	done
}

@test "A4 A5 user forms give exactly these ids, or an error, never root" {
	local form want
	while IFS='|' read -r form want; do
		run hull run --rm -u "$form" $IMAGE sh -c 'echo "$(id -u):$(id -g)"'
		if [ "$want" = error ]; then
			[ "$status" -ne 0 ] || { echo "-u '$form' gave $output"; false; }
		else
			same "$output" "$want"
		fi
	done <<'F'
1|1:1
1:0|1:0
:1|0:1
007|7:0
1000|1000:0
1000:1001|1000:1001
4294967294|4294967294:0
4294967295|error
4294967296|error
-1|error
1x|error
 1|error
nobody|65534:65534
nosuch|error
0x1|error
1:x|error
2147483647|2147483647:0
F
}

@test "A5 an all-digit user is never looked up as a name" {
	evil num:1 'f:etc/passwd=root:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n2147483648:x:0:0::/:/bin/sh\n'
	same "$status" 0
	same "$(hull run --rm -u 1000 num:1 id -u)" 1000
	local form
	for form in 4294967296 2147483648; do
		run hull run --rm -u $form num:1 id -u
		[ "$status" -ne 0 ] || [ "$output" != 0 ]
	done
}

@test "A6 A7 inheritable and ambient sets are empty, other users have no capabilities" {
	local how
	for how in "" "--privileged" "-u 1000" "--privileged -u 1000"; do
		# shellcheck disable=SC2086
		run -0 hull run --rm $how $IMAGE cat /proc/self/status
		same "$(status_field CapInh <<<"$output")" 0000000000000000
		same "$(status_field CapAmb <<<"$output")" 0000000000000000
		case $how in *1000*) same "$(status_field CapEff <<<"$output")" 0000000000000000; same "$(status_field CapPrm <<<"$output")" 0000000000000000 ;; esac
	done
	hull run -d --name cp $IMAGE sleep 60 >/dev/null
	run -0 hull exec -u 1000 cp cat /proc/self/status
	same "$(status_field CapEff <<<"$output")" 0000000000000000
	same "$(status_field CapInh <<<"$output")" 0000000000000000
}

@test "A8 supplementary groups are the image's, never the daemon's" {
	same "$(hull run --rm -u 1000:1000 $IMAGE id -G)" 1000
	same "$(hull run --rm -u 1000:1000 --group-add 5 $IMAGE id -G | tr ' ' '\n' | sort -n | tr '\n' ' ')" "5 1000 "
	hull run -d --name gr -u 1000 $IMAGE sleep 60 >/dev/null
	same "$(hull exec gr grep Groups /proc/self/status | awk '{ $1 = ""; print $0 }' | tr -d ' ')" 0 ||
		same "$(hull exec gr grep Groups /proc/self/status | awk '{ $1 = ""; print $0 }' | tr -d ' ')" ""
}

@test "A9 endless passwd and group files cost neither time nor memory" {
	evil big:1 'F:etc/group=300000000' 'f:etc/passwd=root:x:0:0::/:/bin/sh\n'
	same "$status" 0
	local begin=$SECONDS
	run timeout 20 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" run --rm -u root:nosuchgroup big:1 true
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	[ $((SECONDS - begin)) -lt 10 ]
}

@test "A10 a passwd that is a link out, a fifo or a device is not followed" {
	local target
	for target in "l:etc/passwd>$CANARY/passwd" "l:etc/passwd>../../../../..$CANARY/passwd" "l:etc/passwd>/proc/1/root$CANARY/passwd" p:etc/passwd "c:etc/passwd=1:5" "l:etc/passwd>/dev/zero"; do
		evil pw:1 "$target"
		[ "$status" = 0 ] || continue
		run timeout 10 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" run --rm -u nobody pw:1 /bin/cat /etc/passwd
		[ "$status" -ne 124 ] || { echo "hangs with $target"; false; }
		no_canary "$output"
		run timeout 10 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" run --rm -u 0 pw:1 /bin/echo up
		[ "$status" -ne 124 ]
	done
}

@test "A11 environment of the daemon and of others does not leak" {
	stop_daemon
	SECRET_OF_DAEMON=$CANARY_WORD start_daemon
	hull run -d --name other -e S="$CANARY_WORD-other" $IMAGE sleep 60 >/dev/null
	run -0 hull run --rm $IMAGE sh -c 'env; cat /proc/*/environ'
	no_canary "$output"
	hull run -d --name mine $IMAGE sleep 60 >/dev/null
	no_canary "$(hull exec mine env)"
	no_canary "$(hull inspect mine)"
}

@test "A12 nothing of the image runs outside the container" {
	local b entries=()
	for b in ps ls cat id; do entries+=("f:bin/$b=#!/bin/busybox sh\n/bin/busybox touch /marker-$b $CANARY/marker\n"); done
	evil mark:1 "${entries[@]}"
	hull run -d --name mk mark:1 sleep 60 >/dev/null
	hull top mk >/dev/null
	hull inspect mk >/dev/null
	hull logs mk
	[ ! -e "$CANARY/marker" ]
	same "$(hull exec mk /bin/busybox find / -maxdepth 1 -name 'marker-*' | wc -l)" 0
}

@test "A13 no control socket is reachable by name from a host network container" {
	run -0 hull run --rm --network host $IMAGE cat /proc/net/unix
	run grep -iE '@.*(hull|docker|monitor)' <<<"$output"
	same "$output" ""
}

@test "A16 nothing is installed setuid or with file capabilities" {
	run -0 find "$BIN" -perm /6000 -type f
	same "$output" ""
}

@test "A17 LSM options are refused, not silently ignored" {
	[ ! -d /sys/kernel/security/apparmor ] || skip "AppArmor is active here"
	run hull run --rm --security-opt apparmor=nosuch $IMAGE true
	[ "$status" -ne 0 ]
	run hull run --rm --security-opt label=type:x $IMAGE true
	[ "$status" -ne 0 ]
	run hull run --rm --security-opt nonsense $IMAGE true
	[ "$status" -ne 0 ]
}
