#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# Some hundred hostile image archives, one after the other, through the whole daemon: see evilmatrix.
load ../e2e/lib
load canary

matrix() { run -0 "$TESTS/security/evilmatrix" "$SOCK" "$T/data" "$CANARY" "$1"; }

@test "names of entries lead nowhere" { matrix names; }
@test "links of layers lead nowhere" { matrix links; }
@test "whiteouts hide, and do nothing else" { matrix whiteouts; }
@test "malformed headers are refused" { matrix headers; }
@test "malformed and ambiguous documents are refused" { matrix documents; }
@test "damaged, cut off and exploding streams are refused" { matrix streams; }

# A load that waits for more of its archive: what its worker may do is read from /proc.
@test "the worker that reads archives is caged" {
	mkfifo "$D/pipe"
	curl -s --unix-socket "$SOCK" -X POST -T - 'http://d/images/load' <"$D/pipe" >"$D/answer" 3>&- &
	local client=$! w='' _
	exec 9>"$D/pipe"
	head -c 512 /dev/zero >&9
	for _ in $(seq 200); do
		w=$(pgrep -P "$(daemon_pid)" -x hull-worker) && grep -q '^Seccomp:.*2' "/proc/$w/status" && break
		sleep 0.02
	done
	[ -n "$w" ]
	local status_text; status_text=$(cat "/proc/$w/status")
	local ns
	if [ -z "${SANITIZE-}" ]; then contains "$status_text" $'Seccomp:\t2'; fi
	contains "$status_text" $'NoNewPrivs:\t1'
	contains "$status_text" $'CapEff:\t0000000000000000'
	contains "$status_text" $'CapBnd:\t0000000000000000'
	for ns in mnt net ipc uts; do [ "$(readlink "/proc/$w/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]; done
	# its root is the one staging directory, its descriptors are the protocol's
	[ ! -e "/proc/$w/root/etc" ]
	[ ! -e "/proc/$w/root/proc" ]
	same "$(find "/proc/$w/root/" -mindepth 1)" ""
	[ "$(find "/proc/$w/fd" -mindepth 1 | wc -l)" -le 7 ]
	exec 9>&-
	wait "$client"
	contains "$(cat "$D/answer")" "invalid image archive"
}
