#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# The daemon is stopped or killed with containers in every state; the next one finds the truth.
load lib

restart_hard() { kill_daemon; start_daemon; }
restart_soft() { stop_daemon; start_daemon; }

@test "containers run on when the daemon is killed, and are adopted" {
	hull run -d --name on $IMAGE sh -c 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.1; done' >/dev/null
	local pid; pid=$(inspect on .State.Pid)
	kill_daemon
	sleep 0.5
	[ -d "/proc/$pid" ]
	start_daemon
	same "$(inspect on '"\(.State.Status) \(.State.Pid)"')" "running $pid"
	local a b
	a=$(hull logs on | wc -l); sleep 0.5; b=$(hull logs on | wc -l)
	[ "$b" -gt "$a" ]
	# nothing was lost meanwhile
	same "$(hull logs on | head -n "$a")" "$(seq 0 $((a - 1)))"
	same "$(hull exec on echo exec)" exec
	hull stop -t 0 on
	same "$(inspect on .State.ExitCode)" 137
}

@test "the same across a clean stop (live restore is the default)" {
	hull run -d --name soft $IMAGE sleep 60 >/dev/null
	local pid; pid=$(inspect soft .State.Pid)
	restart_soft
	same "$(inspect soft '"\(.State.Status) \(.State.Pid)"')" "running $pid"
}

@test "an attached client keeps its streams while the daemon is away" {
	mkfifo "$D/in"
	hull run --name at -i $IMAGE sh -c 'while read -r x; do echo "got $x"; done' <"$D/in" >"$D/out" 2>"$D/err" & local pid=$!
	exec 7>"$D/in"
	echo one >&7
	eventually 5 grep -q 'got one' "$D/out"
	kill_daemon
	echo two >&7
	eventually 5 grep -q 'got two' "$D/out"
	start_daemon 7>&- # a daemon that held the pipe open would keep the end of it from the container
	echo three >&7
	eventually 5 grep -q 'got three' "$D/out"
	exec 7>&-
	wait $pid || true
	eventually 5 is_state at exited
	same "$(hull logs at)" $'got one\ngot two\ngot three'
}

@test "what ended while the daemon was away is recorded truly" {
	hull run -d --name code $IMAGE sh -c 'sleep 0.7; echo last; exit 42' >/dev/null
	hull run -d --name sig $IMAGE sleep 60 >/dev/null
	local pid; pid=$(inspect sig .State.Pid)
	kill_daemon
	kill -KILL "$pid"
	sleep 1.2
	start_daemon
	same "$(inspect code '"\(.State.Status) \(.State.ExitCode) \(.State.Running)"')" "exited 42 false"
	same "$(hull logs code)" last
	same "$(inspect sig '"\(.State.Status) \(.State.ExitCode)"')" "exited 137"
	matches "$(inspect code .State.FinishedAt)" "^$(date -u +%Y)"
	hull start code
	is_state code running
}

@test "restart policies are applied to what ended meanwhile" {
	hull run -d --name al --restart always $IMAGE sleep 60 >/dev/null
	hull run -d --name us --restart unless-stopped $IMAGE sleep 60 >/dev/null
	hull run -d --name st --restart unless-stopped $IMAGE sleep 60 >/dev/null
	hull stop -t 0 st >/dev/null
	hull run -d --name no $IMAGE sleep 60 >/dev/null
	local pids; pids="$(inspect al .State.Pid) $(inspect us .State.Pid) $(inspect no .State.Pid)"
	kill_daemon
	# shellcheck disable=SC2086
	kill -KILL $pids
	sleep 0.3
	start_daemon
	eventually 5 is_state al running
	eventually 5 is_state us running
	is_state st exited
	is_state no exited
}

@test "--rm containers that ended meanwhile are removed" {
	hull run -d --rm --name rm $IMAGE sleep 0.5 >/dev/null
	kill_daemon
	sleep 1
	start_daemon
	eventually 5 api_expect 404 GET /containers/rm/json
	hull run --rm --name rm $IMAGE true
}

@test "paused containers stay paused" {
	hull run -d --name pp $IMAGE sleep 60 >/dev/null
	hull pause pp >/dev/null
	restart_hard
	is_state pp paused
	hull unpause pp
	is_state pp running
}

@test "created and exited containers, names, images and labels survive" {
	hull create --name cr --label a=b -v /data $IMAGE true >/dev/null
	hull run --name ex $IMAGE sh -c 'echo kept; exit 3' || true
	hull tag $IMAGE other:1
	local before; before=$(hull inspect cr ex | jq -S 'map(del(.State.Pid))')
	restart_hard
	same "$(hull inspect cr ex | jq -S 'map(del(.State.Pid))')" "$before"
	same "$(hull logs ex)" kept
	same "$(hull images -q | sort -u | wc -l)" 1
	same "$(hull run --rm other:1 echo ok)" ok
	run hull create --name cr $IMAGE true
	same "$status" 1
	hull start -a cr
}

@test "a running exec goes on, its exit is known afterwards" {
	hull run -d --name xx $IMAGE sleep 60 >/dev/null
	api_expect 201 POST /containers/xx/exec '{"Cmd":["sh","-c","sleep 0.8; echo >/tmp/done; exit 9"]}'
	local id; id=$(field .Id)
	api_expect 200 POST "/exec/$id/start" '{"Detach":true}'
	restart_hard
	sleep 1.2
	hull exec xx test -e /tmp/done
	api_expect 200 GET "/exec/$id/json"
	same "$(field '"\(.Running) \(.ExitCode)"')" "false 9"
}

@test "waiting clients get an answer or a closed connection, never silence" {
	hull run -d --name wt $IMAGE sleep 60 >/dev/null
	timeout 10 bash -c "DOCKER_HOST=unix://$SOCK $BIN/hull wait wt" >"$D/out" 2>&1 & local pid=$!
	sleep 0.3
	restart_hard
	local status=0
	wait $pid || status=$?
	[ "$status" -ne 124 ]
}

@test "live-restore off: a clean stop ends the containers, in order and in time" {
	echo '{"live-restore": false, "shutdown-timeout": 3}' >"$T/daemon.json"
	restart_soft
	hull run -d --name go $IMAGE sh -c 'trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
	hull run -d --name back --restart always $IMAGE sleep 60 >/dev/null
	sleep 0.3
	local pid; pid=$(inspect go .State.Pid)
	stop_daemon
	[ ! -d "/proc/$pid" ]
	echo '{}' >"$T/daemon.json"
	start_daemon
	same "$(inspect go '"\(.State.Status) \(.State.ExitCode)"')" "exited 0"
	same "$(hull logs go)" bye
	eventually 5 is_state back running
}

@test "thirty kills under load leave true records and nothing behind" {
	local n i pids
	for n in $(seq 30); do
		pids=()
		for i in 1 2 3; do
			hull run --rm -d --name "l$i" $IMAGE sleep 0.2 >/dev/null 2>&1 &
			pids+=($!)
		done
		sleep "0.0$((n % 10))"
		kill_daemon
		wait "${pids[@]}" || true # by name: bats' own timer is a child, too
		start_daemon
		# names are free again as soon as the containers are gone
		for i in 1 2 3; do curl -s -X DELETE --unix-socket "$SOCK" "http://d/containers/l$i?force=1" >/dev/null; done
		same "$(curl -s --unix-socket "$SOCK" 'http://d/containers/json?all=1' | jq length)" 0
	done
	same "$(hull run --rm --name l1 $IMAGE echo fine)" fine
}

@test "a damaged record costs one container, not the daemon" {
	hull create --name good $IMAGE true >/dev/null
	hull create --name bad $IMAGE true >/dev/null
	local id; id=$(inspect bad .Id)
	stop_daemon
	python3 - "$T/data" "$id" <<'P'
import glob, sqlite3, sys
path = [p for p in glob.glob(sys.argv[1] + '/**/*.db', recursive=True)][0]
db = sqlite3.connect(path)
table = [r[0] for r in db.execute("select name from sqlite_master where type='table'")][0]
cols = [r[1] for r in db.execute('pragma table_info(%s)' % table)]
doc = [c for c in cols if c in ('doc', 'document', 'json', 'value')][0]
n = db.execute("update %s set %s = '{broken' where %s like ? and kind = 'container'" % (table, doc, doc), ('%' + sys.argv[2] + '%',)).rowcount
db.commit()
assert n == 1, n
P
	start_daemon
	is_state good created
	api_expect 404 GET /containers/bad/json
	grep -q "${id:0:12}" "$T/hulld.log"
	same "$(hull run --rm $IMAGE echo fine)" fine
	# put away by hand what only the record knew
	rm -rf "$T/data/containers/$id" "$T/exec/c/$id"
}
