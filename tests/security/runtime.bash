# SPDX-License-Identifier: Apache-2.0
# For the security tests of hull-runtime alone: bundles of probe and busybox, changed by a line of Python. No daemon.
# shellcheck shell=bash disable=SC2154
bats_require_minimum_version 1.5.0
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BIN=${HULL_BIN:?run this through tests/run}

setup_file() {
	export R=${HULL_TEST_DIR:?}/rt
	mkdir -p "$R/image/bin" "$R/image/etc" "$R/image/tmp" "$R/canary/dir"
	cc -O2 -static -o "$R/image/bin/probe" "$TESTS/security/probe.c"
	cp "$(command -v busybox)" "$R/image/bin/busybox"
	local a
	for a in sh cat ls id sleep true echo ln mkdir touch mount grep; do ln -sf busybox "$R/image/bin/$a"; done
	printf 'root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n' >"$R/image/etc/passwd"
	printf 'root:x:0:\nbob:x:1000:\nwheel:x:10:root,bob\n' >"$R/image/etc/group"
	echo secret-7c21 >"$R/canary/file"
	: >"$R/canary/ptmx"
	: >"$R/canary/null"
	canary_state >"$R/canary.state"
}
setup() { B=$R/b.$BATS_TEST_NUMBER; mkdir -p "$B"; cp -a "$R/image" "$B/rootfs"; }
teardown() {
	local id
	for id in $(rt list -q); do rt delete --force "$id"; done
	canary_state | diff "$R/canary.state" - || { echo "the canary was touched"; return 1; }
	[ -z "$(find /sys/fs/cgroup -maxdepth 3 -type d -path "*$HULL_TEST_CGROUP/*" 2>/dev/null)" ] || { echo "cgroups are left"; return 1; }
	[ "$(grep -c "$B" /proc/self/mountinfo)" = 0 ] || { echo "mounts are left"; return 1; }
}
canary_state() { (cd "$R/canary" && find . -printf '%p %y %m %U:%G %s %T@ %l\n' | sort && cat file); }

rt() { "$BIN/hull-runtime" --root "$R/state" "$@"; }
# config 'PYTHON' ARGS...: writes the bundle's config.json: runc's template with these args, changed by the line (c is the document)
config() {
	local change=$1; shift
	rm -f "$B/config.json"
	rt spec --bundle "$B"
	python3 - "$B/config.json" "$change" "$B" "$R" "$HULL_TEST_CGROUP/t$BATS_TEST_NUMBER" "$@" <<'P'
import json, sys
f, change, B, R, cg = sys.argv[1:6]
c = json.load(open(f))
p, l = c['process'], c['linux']
p['terminal'] = False
p['args'] = sys.argv[6:]
c['root']['readonly'] = False
l['cgroupsPath'] = cg
def caps(*names):
    p['capabilities'] = {k: ['CAP_' + n for n in names] for k in ('bounding', 'effective', 'permitted')}
def bind(src, dst, *o):
    c['mounts'].append({'destination': dst, 'type': 'bind', 'source': src, 'options': ['rbind', *o]})
def drop(*dst):
    c['mounts'] = [m for m in c['mounts'] if m['destination'] not in dst]
def ns(*drop, **paths):
    l['namespaces'] = [n for n in l['namespaces'] if n['type'] not in drop]
exec(change)
json.dump(c, open(f, 'w'))
P
}
go() { run timeout 20 "$BIN/hull-runtime" --root "$R/state" run --bundle "$B" "t$BATS_TEST_NUMBER" </dev/null; [ "$status" -ne 124 ]; }
up() { # starts it in the background; the test's teardown ends it
	timeout 20 "$BIN/hull-runtime" --root "$R/state" run --detach --bundle "$B" "t$BATS_TEST_NUMBER" </dev/null >"$B/out" 2>&1 3>&- 4>&-
}
ex() { run timeout 20 "$BIN/hull-runtime" --root "$R/state" exec "$@" </dev/null; [ "$status" -ne 124 ]; }
has() { [[ "$1" == *"$2"* ]] || { echo "no \"$2\" in: $1"; return 1; }; }
lacks() { [[ "$1" != *"$2"* ]] || { echo "\"$2\" in: $1"; return 1; }; }
same() { [ "$1" = "$2" ] || { printf 'got:    %s\nwanted: %s\n' "$1" "$2"; return 1; }; }
field() { jq -r "$1" <<<"$output"; }
