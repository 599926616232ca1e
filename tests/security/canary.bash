# SPDX-License-Identifier: Apache-2.0
# A tree on the host that no container may read, change or add to; its state must be the same after every test.
# shellcheck shell=bash
CANARY_WORD=canary-5d1f0c

canary_make() {
	export CANARY=$T/keep/canary
	mkdir -p "$CANARY/dir/empty"
	local n
	for n in 1 2 3 4 5; do echo "$CANARY_WORD $n" >"$CANARY/f$n"; done
	echo "$CANARY_WORD" >"$CANARY/passwd"
	mkfifo "$CANARY/fifo"
	cp /bin/true "$CANARY/setuid" && chmod 4755 "$CANARY/setuid"
	: >"$CANARY/ptmx"
	canary_state >"$T/keep/canary.state"
}
canary_state() { (cd "$CANARY" && find . -printf '%p %y %m %U:%G %s %T@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort); }
canary_check() { canary_state | diff "$T/keep/canary.state" - || { echo "the canary was touched"; return 1; }; }
no_canary() { lacks "$1" "$CANARY_WORD"; }
evil() { # NAME EVILIMG-ARGUMENTS...: makes and loads; its message in $output, code in $status
	local name=$1; shift
	"$TESTS/security/evilimg" "$D/evil.tar" "$name" "$@"
	run timeout 50 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" load -q -i "$D/evil.tar"
}
setup_file() { suite_start; canary_make; }
teardown() { canary_check; test_end; }
