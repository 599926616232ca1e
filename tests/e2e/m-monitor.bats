#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clients: hull
# The supervisor and the logs it writes: what it holds, what it gave up, what it survives.
load lib

supervisor_of() { # CONTAINER: the pid of its supervisor
	awk '/^PPid:/ { print $2 }' "/proc/$(inspect "$1" .State.Pid)/status"
}
log_of() { inspect "$1" .LogPath; }

@test "a supervisor has given up what it does not need" {
	client run -d --name cc $IMAGE sleep 100
	local status sock
	# shortly after the start
	eventually 5 grep -q '^Seccomp:.2' "/proc/$(supervisor_of cc)/status" || {
		client rm -f cc
		skip "no filter in sanitizer builds"
	}
	status=$(cat "/proc/$(supervisor_of cc)/status")
	matches "$status" $'CapEff:\t0000000000000020\n'
	matches "$status" $'CapPrm:\t0000000000000020\n'
	matches "$status" $'CapBnd:\t0000000000000000\n'
	matches "$status" $'NoNewPrivs:\t1\n'
	matches "$status" $'Threads:\t1\n'
	sock=$(find "$T/exec" -name monitor.sock)
	same "$(stat -c '%a %U' "$sock")" "600 root"
	lacks "$(cat /proc/net/unix)" " @"
}

@test "signals that end programs do not end a supervisor" {
	client run -d -i --name cc $IMAGE cat
	local pid signal
	pid=$(supervisor_of cc)
	for signal in HUP INT QUIT TERM PIPE USR1 USR2 ALRM; do kill -$signal "$pid"; done
	sleep 0.2
	same "$(supervisor_of cc)" "$pid"
	is_state cc running
	client exec cc true
}

@test "a killed supervisor takes its container with it, and the record says so" {
	client run -d --name cc $IMAGE sleep 100
	local pid
	pid=$(inspect cc .State.Pid)
	kill -KILL "$(supervisor_of cc)"
	eventually 10 is_state cc exited
	[ ! -d "/proc/$pid" ] || same "$(cut -d' ' -f3 "/proc/$pid/stat")" Z
	client start cc
	is_state cc running
}

@test "processes left by a container in the host's pid namespace end with it" {
	same "$(timeout 10 "$BIN/hull" -H "unix://$SOCK" run --rm --pid host $IMAGE sh -c 'sleep 7654 & echo started')" started
	eventually 5 bash -c '! pgrep -fx "sleep 7654"'
}

@test "a client that does not read holds up its container, and nothing else" {
	client run -d --name other $IMAGE sh -c 'while :; do echo tick; sleep 0.1; done'
	client run --name cc $IMAGE sh -c 'i=0; while [ $i -lt 300000 ]; do echo $i; i=$((i+1)); done' |
		(sleep 1; cat >"$D/out") &
	sleep 0.6
	is_state cc running
	contains "$(client logs --tail 1 other)" tick
	wait $!
	seq 0 299999 | cmp - "$D/out"
	client logs cc | cmp - "$D/out"
}

@test "a container without clients never waits for its log" {
	client run -d --name cc --log-opt max-size=100k --log-opt max-file=2 $IMAGE sh -c 'yes | head -c 5000000; echo done >/tmp/x; sleep 100'
	eventually 20 client exec cc test -e /tmp/x
	# at most two files of the size, and one read more
	[ "$(du -cb "$(log_of cc)"* | tail -n 1 | cut -f1)" -lt 2500000 ]
}

@test "json-file: the bytes are Docker's" {
	client run --name cc --log-opt tag='{{.Name}}' --log-opt labels=l -l l='v w' $IMAGE \
		printf 'a\tb\r\n"q" \\ <a&b>\n\033[0m\n\377\303(\n\342\200\250\nrest'
	same "$(sed -E 's/"time":"[0-9]{4}-[0-9-]+T[0-9:.]+Z"/T/' "$(log_of cc)")" '{"log":"a\u0009b\r\n","stream":"stdout","attrs":{"l":"v w","tag":"cc"},T}
{"log":"\"q\" \\ \u003ca\u0026b\u003e\n","stream":"stdout","attrs":{"l":"v w","tag":"cc"},T}
{"log":"\u001b[0m\n","stream":"stdout","attrs":{"l":"v w","tag":"cc"},T}
{"log":"\ufffd\ufffd(\n","stream":"stdout","attrs":{"l":"v w","tag":"cc"},T}
{"log":"\u2028\n","stream":"stdout","attrs":{"l":"v w","tag":"cc"},T}
{"log":"rest","stream":"stdout","attrs":{"l":"v w","tag":"cc"},T}'
	matches "$(client logs --details --timestamps --tail 1 cc)" '^[0-9-]+T[0-9:]+\.[0-9]{9}Z l=v\+w,tag=cc rest$'
}

@test "long lines are split at 16 KiB and put together again" {
	client run --name cc $IMAGE sh -c 'head -c 16384 /dev/zero | tr "\0" x; echo; head -c 40000 /dev/zero | tr "\0" y; echo' >"$D/out"
	same "$(jq '.log | length' "$(log_of cc)" | xargs)" "16384 1 16384 16384 7233"
	client logs cc | cmp - "$D/out"
}

@test "rotation: files, compression, tail, since and follow across them" {
	client run -d --name cc --log-opt max-size=3k --log-opt max-file=5 --log-opt compress=true $IMAGE \
		sh -c 'i=1; while [ $i -le 600 ]; do echo line $i; i=$((i+1)); [ $((i%20)) != 0 ] || usleep 50000; done'
	client logs -f cc >"$D/followed"
	seq -f 'line %.0f' 1 600 | cmp - "$D/followed"
	eventually 5 test -e "$(log_of cc).4.gz"
	eventually 5 test ! -e "$(log_of cc).1"
	[ ! -e "$(log_of cc).5" ] && [ ! -e "$(log_of cc).5.gz" ]
	seq -f 'line %.0f' 501 600 | cmp - <(client logs --tail 100 cc)
	client logs cc >"$D/all"
	seq -f 'line %.0f' 1 600 | tail -n "$(wc -l <"$D/all")" | cmp - "$D/all"
	[ "$(wc -l <"$D/all")" -gt 120 ]
}

@test "the other drivers" {
	client run --name cc --log-driver local $IMAGE sh -c 'echo one; echo two >&2; printf "\377three"' >"$D/out" 2>"$D/err"
	client logs cc >"$D/out2" 2>"$D/err2"
	cmp "$D/out" "$D/out2"
	cmp "$D/err" "$D/err2"
	client run --name nn --log-driver none $IMAGE echo shown
	run -1 client logs nn
	contains "$output" "configured logging driver does not support reading"
}

@test "a log that was replaced by a link is not followed" {
	client run --name cc $IMAGE echo one
	local log
	log=$(log_of cc)
	echo keep >"$D/victim"
	rm "$log"
	ln -s "$D/victim" "$log"
	run client start -a cc
	same "$(cat "$D/victim")" keep
	run client logs cc
	lacks "$output" keep
}

@test "an exec that leaves a child behind ends without it" {
	client run -d --name cc $IMAGE sleep 100
	local begin=$SECONDS
	run -4 client exec cc sh -c '(sleep 0.05; echo late; exec sleep 50) & echo early; exit 4'
	same "$output" $'early\nlate'
	[ $((SECONDS - begin)) -lt 5 ]
	contains "$(client top cc)" "sleep 50"
}
