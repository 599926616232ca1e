# SPDX-License-Identifier: Apache-2.0
# Harness of the end-to-end tests: a daemon of one's own per file, clients for it, and the leak check after every test.
# Loaded by each .bats file; runs inside tests/tools/sandbox. Variables for tests: $SOCK, $T (a directory of the file),
# $D (one of the test), $CLIENT (hull or docker, whichever this pass is about).
# shellcheck shell=bash disable=SC2119,SC2120
bats_require_minimum_version 1.5.0

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$TESTS/tools
BIN=${HULL_BIN:?run this through tests/run}
CLIENT=${HULL_CLIENT:-hull}
IMAGE=busybox

# --- the daemon ---

# Starts hulld with further flags; waits until it answers. A second call restarts on the same roots.
start_daemon() {
	local flags=(--host "unix://$SOCK" --data-root "$T/data" --exec-root "$T/exec" --pidfile "$T/hulld.pid"
		--config-file "$T/daemon.json" --cgroup-parent "$HULL_TEST_CGROUP")
	[ -e "$T/daemon.json" ] || echo '{}' >"$T/daemon.json"
	rm -f "$T/hulld.pid"
	# 3 is bats' own output: whoever keeps it keeps bats waiting
	env "${DAEMON_ENV[@]}" setsid "$BIN/hulld" "${flags[@]}" "${DAEMON_FLAGS[@]}" "$@" </dev/null >>"$T/hulld.log" 2>&1 3>&- 4>&- &
	DAEMON=$!
	disown "$DAEMON"
	export DAEMON
	echo "$DAEMON" >"$T/daemon"
	local _
	for _ in $(seq 400); do
		curl -s -m 5 --unix-socket "$SOCK" http://d/_ping >/dev/null && return 0
		kill -0 "$DAEMON" 2>/dev/null || { echo "hulld ended at start:"; tail -n 20 "$T/hulld.log"; return 1; }
		sleep 0.025
	done
	echo "hulld does not answer:"; tail -n 20 "$T/hulld.log"
	return 1
}

daemon_pid() { cat "$T/daemon"; }

wait_gone() { # PID SECONDS
	local _
	for _ in $(seq $((${2:-15} * 40))); do
		[ -d "/proc/$1" ] && [ "$(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null)" != Z ] || return 0
		sleep 0.025
	done
	echo "process $1 did not end"
	return 1
}

stop_daemon() {
	local pid; pid=$(daemon_pid)
	kill -TERM "$pid" 2>/dev/null || return 0
	wait_gone "$pid" 20
}

kill_daemon() {
	local pid; pid=$(daemon_pid)
	kill -KILL "$pid" 2>/dev/null || return 0
	wait_gone "$pid"
}

# --- clients ---

hull() { DOCKER_HOST=unix://$SOCK "$BIN/hull" "$@"; }
docker() { DOCKER_HOST=unix://$SOCK command docker "$@"; }
client() { "$CLIENT" "$@"; }
has_docker() { PATH=${HULL_PATH_WITHOUT_LINK:-$PATH} command -v docker >/dev/null && command docker --version 2>/dev/null | grep -q '^Docker version'; }

# api METHOD PATH [JSON [CURL-OPTION...]]: the answer's status in $code, its body in $body.
api() {
	local method=$1 path=$2 json=${3-}
	shift $(($# < 3 ? $# : 3))
	local args=(-s -g -m 30 --unix-socket "$SOCK" -X "$method" -w '\n%{http_code}' "$@")
	[ "$method" != HEAD ] || args+=(-I)
	[ -z "$json" ] || args+=(-H 'Content-Type: application/json' -d "$json")
	local out
	out=$(curl "${args[@]}" "http://d$path"; printf x)
	out=${out%x}
	code=${out##*$'\n'}
	body=${out%$'\n'*}
	body=${body%$'\n'}
}

# The answer must have this status.
api_expect() { # STATUS METHOD PATH [JSON]
	local want=$1; shift
	api "$@"
	[ "$code" = "$want" ] || { echo "$1 $2: $code instead of $want: $body"; return 1; }
}
field() { jq -r "$1" <<<"$body"; }
message() { jq -r .message <<<"$body"; }
# inspect REF JQ-EXPRESSION
inspect() { api_expect 200 GET "/containers/$1/json" && field "$2"; }

# --- checks that say what they saw ---

same() { [ "$1" = "$2" ] || { printf 'expected: %q\nbut got:  %q\n' "$2" "$1"; return 1; }; }
matches() { [[ $1 =~ $2 ]] || { printf 'does not match %q: %q\n' "$2" "$1"; return 1; }; }
contains() { [[ $1 == *"$2"* ]] || { printf 'does not contain %q: %q\n' "$2" "$1"; return 1; }; }
lacks() { [[ $1 != *"$2"* ]] || { printf 'contains %q: %q\n' "$2" "$1"; return 1; }; }
# eventually SECONDS CMD...: succeeds as soon as CMD does.
eventually() {
	local seconds=$1 _; shift
	for _ in $(seq $((seconds * 20))); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done
	echo "not within $seconds s: $*"
	"$@"
}
is_state() { same "$(inspect "$1" .State.Status)" "$2"; }
# Output and exit code of a one-shot container: once OPTIONS... -- COMMAND...
once() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	client run --rm "${options[@]}" "$IMAGE" "$@"
}
needs() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
cgroup_dir() { # CONTROLLER ID: where a container's cgroup is, in either world
	local d
	for d in "/sys/fs/cgroup/$1$HULL_TEST_CGROUP/$2" "/sys/fs/cgroup$HULL_TEST_CGROUP/$2"; do
		[ -d "$d" ] && { echo "$d"; return 0; }
	done
	return 1
}

# --- life of a file and of a test ---

suite_start() { # further daemon flags
	export T SOCK DOCKER_CONFIG SUITE_FLAGS
	T=$(mktemp -d "$HULL_TEST_DIR/XXXX")
	SOCK=$T/sock
	DOCKER_CONFIG=$T/keep/config
	mkdir -p "$DOCKER_CONFIG"
	DAEMON_FLAGS=("$@")
	SUITE_FLAGS=$*
	if [ -n "${HULL_ORACLE-}" ]; then # another engine answers: shows that a test asks for what Docker does
		SOCK=$HULL_ORACLE
		return
	fi
	sanitizers
	start_daemon
	load_image
}
sanitizers() {
	export ASAN_OPTIONS=log_path=$T/asan:detect_leaks=1:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:log_path=$T/ubsan
	export TSAN_OPTIONS=log_path=$T/tsan:exitcode=0 LSAN_OPTIONS=print_suppressions=0
}
load_image() {
	[ -e "$HULL_TEST_DIR/busybox.tar" ] || "$TOOLS/mkimage" "$HULL_TEST_DIR/busybox.tar"
	curl -s -m 60 --unix-socket "$SOCK" -X POST -H 'Content-Type: application/x-tar' -T "$HULL_TEST_DIR/busybox.tar" \
		'http://d/images/load?quiet=1' | grep -q Loaded
	# warm up: what the first container makes for good (directories, caches, threads) is no leak
	hull run --rm "$IMAGE" true
	hull run -d --name warm "$IMAGE" sleep 60 >/dev/null
	hull exec warm true
	hull rm -f warm >/dev/null
}
suite_end() {
	[ -z "${HULL_ORACLE-}" ] || return 0
	stop_daemon || kill_daemon
	local pid
	find /sys/fs/cgroup -path "*$HULL_TEST_CGROUP/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un |
		while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done
	# a sanitizer's report of the daemon's end belongs to the file
	local report
	for report in "$T"/{asan,ubsan,tsan}.*; do
		[ -e "$report" ] || continue
		echo "# $report" >&3
		sed 's/^/# /' "$report" | head -n 60 >&3
		return 1
	done
	rm -rf --one-file-system "$T"
}

leak_args() { echo --dir "$T" --bin "$BIN" --cgroup "$HULL_TEST_CGROUP" --pid "$(daemon_pid)" --nft; }
test_start() {
	export D
	DAEMON_FLAGS=()
	read -ra DAEMON_FLAGS <<<"$SUITE_FLAGS"
	D=$T/tmp/test
	mkdir -p "$D"
	[ -z "${HULL_ORACLE-}" ] || return 0
	if [ ! -d "/proc/$(daemon_pid)" ]; then # an earlier test lost it
		start_daemon
	fi
	# shellcheck disable=SC2046
	"$TOOLS/leakcheck" snapshot $(leak_args) >"$HULL_TEST_DIR/before"
}
# Removes what the test made; then nothing may be left of it.
test_end() {
	[ -z "${BATS_TEST_SKIPPED-}" ] || return 0
	if [ -n "${HULL_ORACLE-}" ]; then
		remove_all
		return 0
	fi
	if [ ! -d "/proc/$(daemon_pid)" ]; then
		echo "the daemon died; the end of its log:"
		tail -n 15 "$T/hulld.log"
		cat "$T"/{asan,ubsan,tsan}.* 2>/dev/null | head -n 60
		start_daemon
		remove_all
		return 1
	fi
	remove_all
	rm -rf "$D"
	# shellcheck disable=SC2046
	"$TOOLS/leakcheck" compare "$HULL_TEST_DIR/before" $(leak_args) || {
		mkdir -p "$HULL_TEST_DIR/reported"
		mv "$T"/{asan,ubsan,tsan}.* "$HULL_TEST_DIR/reported/" 2>/dev/null
		tail -n 5 "$T/hulld.log"
		return 1
	}
}
remove_all() {
	local id
	for id in $(curl -s -m 30 --unix-socket "$SOCK" 'http://d/containers/json?all=1' | jq -r '.[].Id'); do
		curl -s -m 30 --unix-socket "$SOCK" -X DELETE "http://d/containers/$id?force=1&v=1"
	done
	# every other tag, then every image that lost its last one
	for id in $(curl -s -m 30 --unix-socket "$SOCK" 'http://d/images/json' |
		jq -r '.[] | (.RepoTags // [])[] | select(. != "busybox:latest" and . != "<none>:<none>")'); do
		curl -s -m 30 --unix-socket "$SOCK" -X DELETE "http://d/images/$id?force=1" >/dev/null
	done
	for id in $(curl -s -m 30 --unix-socket "$SOCK" 'http://d/images/json?all=1' |
		jq -r '.[] | select((.RepoTags // []) | index("busybox:latest") | not) | .Id'); do
		curl -s -m 30 --unix-socket "$SOCK" -X DELETE "http://d/images/$id?force=1" >/dev/null
	done
}

setup_file() { suite_start; }
setup() { test_start; }
teardown() { test_end; }
teardown_file() { suite_end; }
