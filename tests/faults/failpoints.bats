#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 700
# hulld is killed at every failpoint that the code names, then started again: what ran still runs, records are true, names
# can be used again, and nothing is left over.
load ../e2e/lib

names() { grep -rhoE 'FAILPOINT\("[a-z.-]+"\)' "$TESTS/../src" | sed 's/.*"\(.*\)".*/\1/' | sort -u; }

setup_file() {
	strings -a "$BIN/hulld" | grep -q HULL_FAILPOINTS || skip "built without failpoints"
	export FP
	FP=$(mktemp "$HULL_TEST_DIR/fp.XXXX")
	export HULL_FAILPOINTS=@$FP
	suite_start
}

arm() { echo "$1=kill" >"$FP"; }
disarm() { : >"$FP"; }

# Something of every operation; any step may fail when the daemon dies under it.
storm() {
	local h="timeout 10 $BIN/hull"
	export DOCKER_HOST=unix://$SOCK
	$h run --name new $IMAGE sh -c 'echo out; exit 3' 
	$h run -d --name long $IMAGE sleep 60
	$h exec long echo exec
	$h exec -d long true
	$h pause long
	$h unpause long
	$h restart -t 0 long
	$h rename long longer
	$h stop -t 0 longer
	$h start longer
	$h rm -f longer
	$h run --rm --name auto $IMAGE true
	$h tag $IMAGE other:1
	$h rmi other:1
	$h load -q -i "$HULL_TEST_DIR/second.tar"
	$h rmi second:1
	$h rm new
	$h container prune -f
	$h run -d --name policy --restart on-failure:1 $IMAGE sh -c 'exit 2'
	sleep 0.5
	unset DOCKER_HOST
}

check_after() { # NAME
	local id
	# the bystander never noticed
	is_state by running
	same "$(inspect by .State.Pid)" "$BY_PID"
	[ -d "/proc/$BY_PID" ]
	same "$(hull exec by echo there)" there
	# every record agrees with the kernel
	for id in $(curl -s --unix-socket "$SOCK" 'http://d/containers/json?all=1' | jq -r '.[].Id'); do
		api_expect 200 GET "/containers/$id/json"
		case $(field .State.Status) in
		running | paused) [ -d "/proc/$(field .State.Pid)" ] || { echo "$(field .Name) is said to run"; return 1; } ;;
		created | exited) ! cgroup_dir pids "$id" || [ -z "$(cat "$(cgroup_dir pids "$id")/cgroup.procs")" ] || { echo "$(field .Name) is said to be $(field .State.Status) but runs"; return 1; } ;;
		restarting) ;;
		*) echo "$(field .Name) is $(field .State.Status)"; return 1 ;;
		esac
		[ "$(field .Name)" = /by ] || hull rm -f "$id" >/dev/null
	done
	# names are free
	local n
	for n in new long auto policy; do same "$(hull run --rm --name $n $IMAGE echo ok)" ok; done
}

@test "there are at least 20 named points" {
	names
	[ "$(names | wc -l)" -ge 20 ]
}

@test "killed at every named point, the next daemon finds and tells the truth" {
	local name reached=0 all=0 bad=0
	"$TOOLS/mkimage" "$HULL_TEST_DIR/second.tar" second:1 --label second=1
	hull run -d --name by $IMAGE sleep 300 >/dev/null
	BY_PID=$(inspect by .State.Pid)
	# shellcheck disable=SC2046
	"$TOOLS/leakcheck" snapshot $(leak_args) >"$D/before"
	for name in $(names); do
		all=$((all + 1))
		arm "$name"
		storm >"$D/storm" 2>&1 || true
		disarm
		if [ -d "/proc/$(daemon_pid)" ] && [ "$(cut -d' ' -f3 "/proc/$(daemon_pid)/stat")" != Z ]; then
			echo "not reached, or hit in a helper: $name"
		else
			reached=$((reached + 1))
			start_daemon
		fi
		check_after "$name" || { echo "AT $name: see above"; bad=$((bad + 1)); remove_others; }
		# shellcheck disable=SC2046
		"$TOOLS/leakcheck" compare "$D/before" $(leak_args) || { echo "AT $name: left over"; bad=$((bad + 1)); "$TOOLS/leakcheck" snapshot $(leak_args) >"$D/before"; }
	done
	echo "$reached of $all points killed the daemon, $bad were bad"
	[ "$bad" = 0 ]
	[ "$reached" -ge 20 ]
	hull rm -f by >/dev/null
}

remove_others() {
	local id
	for id in $(curl -s --unix-socket "$SOCK" 'http://d/containers/json?all=1' | jq -r '.[] | select(.Names[0] != "/by") | .Id'); do
		curl -s --unix-socket "$SOCK" -X DELETE "http://d/containers/$id?force=1"
	done
}

@test "an error at every named point is reported, undone, and leaves nothing" {
	local name bad=0
	"$TOOLS/mkimage" "$HULL_TEST_DIR/second.tar" second:1 --label second=1
	# shellcheck disable=SC2046
	"$TOOLS/leakcheck" snapshot $(leak_args) >"$D/before"
	for name in $(names); do
		echo "$name=errno:5*1" >"$FP"
		storm >"$D/storm" 2>&1 || true
		disarm
		[ -d "/proc/$(daemon_pid)" ] || { echo "AT $name: the daemon died"; tail -n 3 "$T/hulld.log"; bad=$((bad + 1)); start_daemon; }
		remove_others
		same "$(hull run --rm --name new $IMAGE echo ok)" ok || bad=$((bad + 1))
		# shellcheck disable=SC2046
		"$TOOLS/leakcheck" compare "$D/before" $(leak_args) || { echo "AT $name: left over"; bad=$((bad + 1)); "$TOOLS/leakcheck" snapshot $(leak_args) >"$D/before"; }
	done
	[ "$bad" = 0 ]
}
