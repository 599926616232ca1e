#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clients: both
# Processes started in running containers.
load lib

up() { client run -d --name up "$@" $IMAGE sleep 300 >/dev/null; }
on_pty() { # STEPS... -- CLIENT-ARGUMENTS...
	local steps=()
	while [ "$1" != -- ]; do steps+=("$1"); shift; done
	shift
	if [ "$CLIENT" = hull ]; then set -- "$BIN/hull" "$@"; else set -- docker "$@"; fi
	"$TOOLS/pty" "${steps[@]}" -- env "DOCKER_HOST=unix://$SOCK" "$@"
}

@test "exec runs in the container's namespaces and returns the exit code" {
	up --hostname inside
	run -0 client exec up hostname
	same "$output" inside
	run -3 client exec up sh -c 'exit 3'
	run -0 client exec up sh -c 'ps | grep -c "sleep 300"'
	run -0 client exec up readlink /proc/self/ns/pid
	same "$output" "$(client exec up readlink /proc/1/ns/pid)"
}

@test "the exit code is there as soon as the stream has ended" {
	up
	local _
	for _ in $(seq 40); do
		run -4 client exec up sh -c 'exit 4'
	done
}

@test "exec keeps the streams apart and passes stdin with its end" {
	up
	client exec up sh -c 'echo o; echo e >&2' >"$D/o" 2>"$D/e"
	same "$(cat "$D/o")" o
	same "$(cat "$D/e")" e
	same "$(printf 'a\nb\n' | client exec -i up cat)" $'a\nb'
	same "$(echo x | client exec up cat)" ""
	head -c 2000000 /dev/urandom >"$D/in"
	client exec -i up cat <"$D/in" | cmp - "$D/in"
}

@test "exec of what is missing or not executable" {
	up
	run -127 client exec up nosuch
	contains "$output" "executable file not found in \$PATH"
	run -126 client exec up /etc/passwd
	contains "$output" "permission denied"
	run -1 client exec nosuch true
	contains "$output" "No such container: nosuch"
	client stop -t 0 up
	run -1 client exec up true
	contains "$output" "is not running"
}

@test "exec options: user, environment, directory, privileged" {
	up -e FROM=run -e OVER=1
	run -0 client exec -e OVER=2 up sh -c 'echo $FROM $OVER'
	same "$output" "run 2"
	run -0 client exec -u 1000:1001 up sh -c 'id -u; id -g'
	same "$output" $'1000\n1001'
	run -0 client exec -u nobody up id -un
	same "$output" nobody
	run -0 client exec -w /tmp up pwd
	same "$output" /tmp
	run -127 client exec -w /nosuch up pwd
	run -0 client exec --privileged up grep CapEff /proc/self/status
	local all; all=$(awk '/CapBnd/ { print $2 }' /proc/self/status)
	contains "$output" "$all"
	run client exec -u nosuchuser up true
	[ "$status" -gt 0 ]
	contains "$output" "nosuchuser"
}

@test "exec -d returns at once and the process goes on" {
	up
	run -0 client exec -d up sh -c 'sleep 0.3; echo done >/tmp/mark'
	same "$output" ""
	sleep 0.8
	same "$(client exec up cat /tmp/mark)" done
}

@test "exec -it: a terminal with its size" {
	up
	run -4 on_pty --size 31x91 'expect:# ' 'send:stty size\n' 'expect:31 91' 'send:exit 4\n' -- exec -it up sh
	run -0 on_pty --size 24x80 'expect:24 80' sleep:0.5 resize:41x121 'expect:41 121' -- \
		exec -it up sh -c 'trap "stty size; exit 0" WINCH; stty size; while :; do sleep 0.1; done'
}

@test "exec sessions end with the container" {
	up
	client exec up sleep 100 & local pid=$!
	sleep 0.5
	client kill up >/dev/null
	local status=0
	wait $pid || status=$?
	same "$status" 137
}

@test "many execs at once" {
	up
	local i pids=()
	for i in $(seq 20); do
		client exec up echo "n$i" >"$D/$i" & pids+=($!)
	done
	wait "${pids[@]}"
	for i in $(seq 20); do same "$(cat "$D/$i")" "n$i"; done
}

@test "exec by the API: create, inspect, start, inspect" {
	up
	api_expect 201 POST /containers/up/exec '{"Cmd":["sh","-c","echo hi; exit 5"],"AttachStdout":true,"AttachStderr":true}'
	local id; id=$(field .Id)
	matches "$id" '^[0-9a-f]{64}$'
	api_expect 200 GET "/exec/$id/json"
	same "$(field '"\(.Running) \(.ExitCode) \(.ProcessConfig.entrypoint) \(.ContainerID)"')" "false null sh $(inspect up .Id)"
	same "$(inspect up '.ExecIDs[0]')" "$id"
	curl -s --unix-socket "$SOCK" -X POST -H 'Content-Type: application/json' -d '{}' "http://d/exec/$id/start" -o "$D/out"
	contains "$(tr -d '\0' <"$D/out")" hi
	api_expect 200 GET "/exec/$id/json"
	same "$(field '"\(.Running) \(.ExitCode)"')" "false 5"
	api POST "/exec/$id/start" '{"Detach":true}'
	same "$code" 409
	api_expect 404 GET /exec/nosuch/json
	same "$(message)" "No such exec instance: nosuch"
	api_expect 400 POST /containers/up/exec '{"AttachStdout":true}'
	same "$(message)" "No exec command specified"
}
