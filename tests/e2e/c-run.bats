#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clients: both
# Container life through the command line: run, create, start, stop, kill, wait, rm, rename, pause, ps, logs, top.
load lib

@test "run prints the output of the container and returns its exit code" {
	run -0 client run --rm $IMAGE echo hello world
	same "$output" "hello world"
	run -7 client run --rm $IMAGE sh -c 'exit 7'
}

@test "run keeps stdout and stderr apart" {
	client run --rm $IMAGE sh -c 'echo out; echo err >&2' >"$D/out" 2>"$D/err"
	same "$(cat "$D/out")" out
	same "$(cat "$D/err")" err
}

@test "run passes arguments through as they are" {
	run -0 client run --rm $IMAGE printf '%s|' 'a b' '' '*' '$HOME' "it's" -x --rm
	same "$output" "a b||*|\$HOME|it's|-x|--rm|"
}

@test "a missing command gives 127, a directory and a file without x 126, a bad option 125" {
	run -127 client run --rm $IMAGE nosuchcommand
	contains "$output" "nosuchcommand"
	contains "$output" "executable file not found in \$PATH"
	run -126 client run --rm $IMAGE /etc
	run -126 client run --rm $IMAGE /etc/passwd
	contains "$output" "permission denied"
	run -125 client run --rm --nosuchflag $IMAGE true
	contains "$output" "unknown flag: --nosuchflag"
	run -125 client run --rm --memory 1 $IMAGE true
	contains "$output" "Minimum memory limit allowed is 6MB"
}

@test "a signal gives 128 + n" {
	run -137 client run --rm $IMAGE sh -c 'kill -KILL $$; sleep 1; true' || true
	run -0 client run -d --name sig $IMAGE sleep 60
	client kill -s KILL sig
	run -0 client wait sig
	same "$output" 137
}

@test "run of an image that is not there says so" {
	run client run --rm --pull never nosuchimage true
	same "$status" 125
	contains "$output" "No such image: nosuchimage:latest"
}

@test "run -d prints the id, and the container runs" {
	run -0 client run -d --name bg $IMAGE sleep 60
	matches "$output" '^[0-9a-f]{64}$'
	is_state bg running
	same "$(inspect bg .State.Running)" true
	[ "$(inspect bg .State.Pid)" -gt 0 ]
	client rm -f bg
	api_expect 404 GET /containers/bg/json
}

@test "run --rm removes the container, its name can be used again at once" {
	local n
	for n in 1 2 3; do
		run -0 client run --rm --name again $IMAGE echo $n
		same "$output" $n
	done
	eventually 3 api_expect 404 GET /containers/again/json
}

@test "run --cidfile writes the id and refuses to overwrite it" {
	client run --cidfile "$D/cid" --name cid $IMAGE true
	same "$(cat "$D/cid")" "$(inspect cid .Id)"
	run -125 client run --cidfile "$D/cid" $IMAGE true
}

@test "create, start -a, exit code, restart by start" {
	run -0 client create --name made $IMAGE sh -c 'echo ran; exit 4'
	is_state made created
	run -4 client start -a made
	same "$output" ran
	is_state made exited
	same "$(inspect made .State.ExitCode)" 4
	run -4 client start -a made
	same "$output" ran
	same "$(client logs made)" $'ran\nran'
}

@test "a name in use is a conflict, and says by whom" {
	client create --name taken $IMAGE true
	local id; id=$(inspect taken .Id)
	run client create --name taken $IMAGE true
	same "$status" 1
	contains "$output" "Conflict. The container name \"/taken\" is already in use by container \"$id\". You have to remove (or rename) that container to be able to reuse that name."
}

@test "a bad name is refused" {
	run client create --name 'a b' $IMAGE true
	same "$status" 1
	contains "$output" "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
}

@test "stop sends TERM, then KILL after the time-out" {
	client run -d --name polite $IMAGE sh -c 'trap "echo bye; exit 3" TERM; while :; do sleep 0.1; done' >/dev/null
	sleep 0.3
	run -0 client stop polite
	same "$output" polite
	same "$(inspect polite .State.ExitCode)" 3
	same "$(client logs polite)" bye
	client run -d --name deaf $IMAGE sh -c 'trap "" TERM; while :; do sleep 0.1; done' >/dev/null
	sleep 0.3
	local begin=$SECONDS
	client stop -t 1 deaf
	[ $((SECONDS - begin)) -le 4 ]
	same "$(inspect deaf .State.ExitCode)" 137
}

@test "the stop signal is the container's own" {
	client run -d --name own --stop-signal USR1 $IMAGE sh -c 'trap "exit 9" USR1; while :; do sleep 0.1; done' >/dev/null
	sleep 0.3
	client stop own
	same "$(inspect own .State.ExitCode)" 9
}

@test "stop of a stopped container and start of a running one change nothing" {
	client run -d --name still $IMAGE sleep 60 >/dev/null
	api_expect 304 POST /containers/still/start
	client stop -t 0 still
	api_expect 304 POST /containers/still/stop
	run -0 client stop still
}

@test "restart gives a new process and counts no policy restart" {
	client run -d --name re $IMAGE sleep 60 >/dev/null
	local before; before=$(inspect re .State.Pid)
	client restart -t 0 re
	is_state re running
	[ "$before" != "$(inspect re .State.Pid)" ]
	same "$(inspect re .RestartCount)" 0
}

@test "kill sends the signal given, and complains when nothing runs" {
	client run -d --name kk $IMAGE sh -c 'trap "echo hup" HUP; while :; do sleep 0.1; done' >/dev/null
	sleep 0.3
	client kill -s HUP kk
	eventually 3 bash -c "curl -s --unix-socket $SOCK 'http://d/containers/kk/logs?stdout=1' | grep -aq hup"
	is_state kk running
	run -0 client kill kk
	eventually 3 is_state kk exited
	run -1 client kill kk
	contains "$output" "is not running"
	run -1 client kill -s NOSUCH kk
}

@test "wait returns the code, now and later" {
	client run -d --name ww $IMAGE sh -c 'sleep 0.5; exit 5' >/dev/null
	run -0 client wait ww
	same "$output" 5
	run -0 client wait ww
	same "$output" 5
	run -1 client wait nosuch
	contains "$output" "No such container: nosuch"
}

@test "rm refuses a running container unless forced" {
	client run -d --name busy $IMAGE sleep 60 >/dev/null
	run -1 client rm busy
	contains "$output" 'container is running: stop the container before removing or force remove'
	run -0 client rm -f busy
	same "$output" busy
	run -1 client rm busy
	contains "$output" "No such container: busy"
	run -0 client rm -f busy
}

@test "rename moves the name and frees the old one" {
	client create --name old $IMAGE true >/dev/null
	local id; id=$(inspect old .Id)
	client rename old new
	same "$(inspect new .Id)" "$id"
	same "$(inspect new .Name)" /new
	api_expect 404 GET /containers/old/json
	client create --name old $IMAGE true >/dev/null
	run -1 client rename old new
	contains "$output" "is already in use by container"
}

@test "pause stops the processes and unpause lets them go on" {
	client run -d --name pp $IMAGE sh -c 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done' >/dev/null
	sleep 0.3
	client pause pp
	is_state pp paused
	same "$(inspect pp .State.Paused)" true
	local a b
	sleep 0.2
	a=$(client logs pp | wc -l); sleep 0.5; b=$(client logs pp | wc -l)
	same "$b" "$a"
	run -1 client exec pp true
	contains "$output" "is paused"
	run -1 client pause pp
	contains "$output" "is already paused"
	client unpause pp
	sleep 0.4
	b=$(client logs pp | wc -l)
	[ "$b" -gt "$a" ]
	run -1 client unpause pp
	contains "$output" "is not paused"
}

@test "a paused container can be stopped, killed and removed" {
	client run -d --name ps $IMAGE sleep 60 >/dev/null
	client pause ps
	client stop -t 1 ps
	is_state ps exited
	client start ps
	client pause ps
	client rm -f ps
}

@test "ps lists what runs, -a all, -q ids, filters choose" {
	client run -d --name one --label a=1 $IMAGE sleep 60 >/dev/null
	client create --name two --label a=2 $IMAGE true >/dev/null
	client run --name three $IMAGE sh -c 'exit 3' || true
	run -0 client ps --format '{{.Names}}'
	same "$output" one
	run -0 client ps -a --format '{{.Names}} {{.State}}'
	same "$(sort <<<"$output")" $'one running\nthree exited\ntwo created'
	same "$(client ps -aq --no-trunc | wc -l)" 3
	same "$(client ps -a --filter label=a=2 --format '{{.Names}}')" two
	same "$(client ps -a --filter exited=3 --format '{{.Names}}')" three
	same "$(client ps -a --filter status=created --format '{{.Names}}')" two
	same "$(client ps -a --filter name=t --format '{{.Names}}' | sort)" $'three\ntwo'
	same "$(client ps -a --filter name='^/one$' --format '{{.Names}}')" one
	same "$(client ps -l --format '{{.Names}}')" three
	same "$(client ps -n 2 --format '{{.Names}}')" $'three\ntwo'
	same "$(client ps -a --filter ancestor=$IMAGE -q | wc -l)" 3
	same "$(client ps -a --filter before=two --format '{{.Names}}')" one
	same "$(client ps -a --filter since=two --format '{{.Names}}')" three
	run -0 client ps -a --filter name=three --format '{{.Status}}|{{.Command}}|{{.Image}}|{{.Ports}}'
	matches "$output" "^Exited \(3\) (Less than a second|[0-9]+ seconds?) ago\|\"sh -c 'exit 3'\"\|busybox\|$"
	run -1 client ps --filter nosuch=1
	contains "$output" "invalid filter 'nosuch'"
}

@test "ids may be cut, ambiguous ones are refused" {
	client create --name cut $IMAGE true >/dev/null
	local id; id=$(inspect cut .Id)
	same "$(inspect "${id:0:12}" .Id)" "$id"
	same "$(inspect "${id:0:20}" .Id)" "$id"
	run -1 client start ffffffffffffffff
	contains "$output" "No such container: ffffffffffffffff"
}

@test "logs: tail, since, until, timestamps, streams" {
	client run --name ll $IMAGE sh -c 'echo 1; echo 2; echo e >&2; sleep 1.2; echo 3' >/dev/null 2>&1
	same "$(client logs ll 2>/dev/null)" $'1\n2\n3'
	same "$(client logs ll 2>&1 >/dev/null)" e
	same "$(client logs --tail 1 ll 2>&1)" 3
	same "$(client logs --tail 0 ll 2>&1)" ""
	run -0 client logs -t --tail 1 ll
	matches "$output" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z 3$'
	local stamp=${output% 3}
	same "$(client logs --since "$stamp" ll 2>/dev/null)" 3
	same "$(client logs --until "$(date -u -d "$stamp - 1 second" +%FT%T.%NZ)" ll 2>/dev/null)" $'1\n2'
	run -1 client logs nosuch
	contains "$output" "No such container: nosuch"
}

@test "logs -f follows until the container ends" {
	client run -d --name ff $IMAGE sh -c 'for i in 1 2 3; do echo $i; sleep 0.3; done' >/dev/null
	run -0 client logs -f ff
	same "$output" $'1\n2\n3'
}

@test "the log survives restarts and holds lines without end" {
	client run -d --name nl $IMAGE sh -c 'printf "no newline"' >/dev/null
	client wait nl >/dev/null
	client start nl
	client wait nl >/dev/null
	same "$(client logs nl)" "no newlineno newline"
}

@test "top shows the processes of the container" {
	client run -d --name tt $IMAGE sh -c 'sleep 61 & sleep 62' >/dev/null
	sleep 0.3
	run -0 client top tt
	matches "${lines[0]}" '^UID +PID +PPID +C +STIME +TTY +TIME +CMD'
	contains "$output" "sleep 61"
	contains "$output" "sleep 62"
	run -0 client top tt -o pid,comm
	matches "${lines[0]}" '^PID +COMMAND'
	client stop -t 0 tt
	run -1 client top tt
	contains "$output" "is not running"
}

@test "inspect prints JSON, formats, and says what is missing" {
	client create --name ii $IMAGE echo hi >/dev/null
	same "$(client inspect -f '{{.Path}} {{json .Args}}' ii)" 'echo ["hi"]'
	same "$(client inspect ii | jq -r '.[0].Name')" /ii
	run -1 client inspect nosuch
	contains "$output" "No such object: nosuch"
	contains "$output" "[]"
	same "$(client container inspect ii $IMAGE 2>/dev/null | jq length)" 1
}

@test "restart policies: always, on-failure with a limit, none for rm" {
	client run -d --name al --restart always $IMAGE sh -c 'sleep 0.2; exit 1' >/dev/null
	eventually 10 bash -c "[ \$(curl -s --unix-socket $SOCK http://d/containers/al/json | jq .RestartCount) -ge 2 ]"
	client stop -t 0 al
	local n; n=$(inspect al .RestartCount)
	sleep 1
	is_state al exited
	same "$(inspect al .RestartCount)" "$n"
	client run -d --name of --restart on-failure:2 $IMAGE sh -c 'exit 3' >/dev/null
	eventually 10 bash -c "[ \"\$(curl -s --unix-socket $SOCK http://d/containers/of/json | jq -r '\"\(.RestartCount) \(.State.Status)\"')\" = '2 exited' ]"
	run client run --rm --restart always $IMAGE true
	same "$status" 125
	contains "$output" "conflicting options: "
}

@test "the image's configuration is honoured and can be overridden" {
	client run --rm $IMAGE sh -c 'echo $PATH' >"$D/path"
	matches "$(cat "$D/path")" '(^|:)/bin'
	run -0 client run --rm -e A=1 -e B -w /tmp $IMAGE sh -c 'echo "$A|${B-unset}|$PWD"'
	same "$output" "1|unset|/tmp"
	B=2 run -0 client run --rm -e B $IMAGE sh -c 'echo $B'
	same "$output" 2
	run -0 client run --rm --entrypoint echo $IMAGE a b
	same "$output" "a b"
	printf 'X=from file\n# no\nY=2\n' >"$D/env"
	run -0 client run --rm --env-file "$D/env" $IMAGE sh -c 'echo "$X $Y"'
	same "$output" "from file 2"
}

@test "container prune removes what stopped and says how much" {
	client create --name dead1 $IMAGE true >/dev/null
	client run -d --name alive $IMAGE sleep 60 >/dev/null
	run -0 client container prune -f
	contains "$output" "Deleted Containers:"
	contains "$output" "Total reclaimed space:"
	api_expect 404 GET /containers/dead1/json
	is_state alive running
}
