#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clients: both
# Standard streams, terminals, attach and detach.
load lib

# The client as an argument vector for programs that start it themselves.
client_argv() {
	if [ "$CLIENT" = hull ]; then argv=(env DOCKER_HOST=unix://$SOCK "$BIN/hull"); else argv=(env DOCKER_HOST=unix://$SOCK docker); fi
}
on_pty() { # STEPS... -- CLIENT-ARGUMENTS...
	local steps=() argv
	while [ "$1" != -- ]; do steps+=("$1"); shift; done
	shift
	client_argv
	"$TOOLS/pty" "${steps[@]}" -- "${argv[@]}" "$@"
}

@test "stdin reaches the container and its end is seen" {
	same "$(printf 'a\nb\n' | client run --rm -i $IMAGE cat)" $'a\nb'
	same "$(head -c 1000000 /dev/zero | client run --rm -i $IMAGE wc -c)" 1000000
}

@test "without -i stdin is empty" {
	same "$(echo x | client run --rm $IMAGE cat)" ""
}

@test "bytes come through as they are, in both directions" {
	head -c 3000000 /dev/urandom >"$D/in"
	client run --rm -i $IMAGE cat <"$D/in" >"$D/out"
	cmp "$D/in" "$D/out"
}

@test "half close: the container sees the end of stdin and can still answer" {
	same "$(printf 'x\ny\n' | client run --rm -i $IMAGE sh -c 'n=$(wc -l); sleep 0.3; echo "$n lines"; echo more')" $'2 lines\nmore'
}

@test "a container that does not read its stdin still ends" {
	head -c 5000000 /dev/zero | client run --rm -i $IMAGE true
}

@test "much output is neither lost nor reordered" {
	client run --rm $IMAGE sh -c 'i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done' >"$D/out"
	same "$(wc -l <"$D/out")" 20000
	same "$(tail -n 1 "$D/out")" "line 19999"
	seq -f 'line %.0f' 0 19999 | cmp - "$D/out"
}

@test "-t gives a terminal with its size, and merges the streams" {
	run -0 on_pty --size 33x99 -- run --rm -it $IMAGE sh -c 'tty; stty size; echo err >&2'
	contains "$output" /dev/pts/0
	contains "$output" "33 99"
	contains "$output" err
}

@test "-it: typed lines reach the shell, its exit code comes back" {
	run -5 on_pty 'expect:# ' 'send:echo $((40+2))\n' 'expect:42' 'send:exit 5\n' -- run --rm -it $IMAGE sh
}

@test "-it: control-c reaches the process in the container" {
	run -0 on_pty 'expect:ready' 'send:\x03' 'expect:caught' -- run --rm -it $IMAGE sh -c 'trap "echo caught; exit 0" INT; echo ready; while :; do sleep 0.1; done'
}

@test "the terminal follows the size of the window" {
	run -0 on_pty --size 24x80 'expect:24 80' sleep:0.5 resize:40x120 'expect:40 120' -- \
		run --rm -it $IMAGE sh -c 'trap "stty size; exit 0" WINCH; stty size; while :; do sleep 0.1; done'
}

@test "detach keys leave the container running" {
	run -0 on_pty 'expect:up' 'send:\x10\x11' 'sleep:0.3' -- run --name det -it $IMAGE sh -c 'echo up; sleep 60'
	is_state det running
	run on_pty 'sleep:0.5' 'send:ab' 'sleep:0.3' -- attach --detach-keys a,b det
	contains "$output" "read escape sequence"
	is_state det running
	matches "$(client ps --format '{{.Names}}')" det
}

@test "part of the detach keys is delivered when it was none" {
	run -0 on_pty 'expect:up' 'send:\x10x\n' 'expect:got' -- run --rm -it $IMAGE sh -c 'echo up; stty raw -echo; head -c 2 | od -An -tx1 | grep -q "10 78" && echo got'
}

@test "attach to a running container shows what comes" {
	client run -d --name at -i $IMAGE sh -c 'for n in 1 2; do read -r l; echo "got $l"; done; echo end' >/dev/null
	same "$({ sleep 0.3; printf 'one\ntwo\n'; sleep 0.3; } | client attach at)" $'got one\ngot two\nend'
	eventually 3 is_state at exited
}

@test "attach returns the exit code" {
	client run -d --name ac -i $IMAGE sh -c 'read x; exit 6' >/dev/null
	local status=0
	echo | client attach ac || status=$?
	same "$status" 6
}

@test "two clients attached both see the output" {
	client run -d --name two $IMAGE sh -c 'sleep 0.8; echo both' >/dev/null
	client attach two >"$D/1" & local a=$!
	client attach --no-stdin two >"$D/2" & local b=$!
	wait $a $b
	same "$(cat "$D/1")" both
	same "$(cat "$D/2")" both
}

@test "attach to a stopped or missing container is refused" {
	client create --name st $IMAGE true >/dev/null
	run -1 client attach st
	contains "$output" "cannot attach to a stopped container, start it first"
	run -1 client attach nosuch
	contains "$output" "No such container: nosuch"
}

@test "signals to the client are passed on" {
	local argv; client_argv
	"${argv[@]}" run --name px $IMAGE sh -c 'trap "echo term; exit 11" TERM; echo up; while :; do sleep 0.1; done' >"$D/out" & local pid=$!
	eventually 5 grep -q up "$D/out"
	kill -TERM $pid
	local status=0
	wait $pid || status=$?
	same "$status" 11
	same "$(cat "$D/out")" $'up\nterm'
}

@test "a client that dies takes nothing with it" {
	local argv; client_argv
	"${argv[@]}" run --name orphan $IMAGE sh -c 'echo up; sleep 1; echo still' >"$D/out" & local pid=$!
	eventually 5 grep -q up "$D/out"
	kill -KILL $pid
	wait $pid || true
	is_state orphan running
	client wait orphan >/dev/null
	same "$(client logs orphan)" $'up\nstill'
}

@test "start -ai attaches before the first byte" {
	client create --name sai -i $IMAGE sh -c 'read x; echo "x=$x"; exit 2' >/dev/null
	local status=0
	echo 5 | client start -ai sai >"$D/out" || status=$?
	same "$status" 2
	same "$(cat "$D/out")" x=5
}

@test "a terminal without a client waits for one" {
	client run -dit --name later $IMAGE sh >/dev/null
	sleep 0.2
	is_state later running
	run -3 on_pty 'send:\n' 'expect:# ' 'send:exit 3\n' -- attach later
	same "$(inspect later .State.ExitCode)" 3
}

@test "-a chooses the streams" {
	same "$(client run --rm -a stderr $IMAGE sh -c 'echo o; echo e >&2' 2>&1)" e
	same "$(client run --rm -a stdout $IMAGE sh -c 'echo o; echo e >&2' 2>&1)" o
}
