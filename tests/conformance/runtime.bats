#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# hull-runtime as an OCI runtime: runc's commands and answers, without a daemon.
load ../security/runtime

ID() { echo "t$BATS_TEST_NUMBER"; }
state_of() { rt state "$(ID)" | jq -r .status; }

@test "create, start, kill and delete walk through the states" {
	config '' /bin/sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done'
	timeout 20 "$BIN/hull-runtime" --root "$R/state" create --bundle "$B" --pid-file "$B/pid" "$(ID)" </dev/null >"$B/out" 2>&1 3>&- 4>&-
	same "$(state_of)" created
	same "$(rt state "$(ID)" | jq -r '.pid, .bundle, .id' | xargs)" "$(cat "$B/pid") $B $(ID)"
	[ ! -s "$B/out" ]
	run rt create --bundle "$B" "$(ID)"
	[ "$status" -ne 0 ]
	has "$output" "already exists"
	rt start "$(ID)"
	same "$(state_of)" running
	run rt start "$(ID)"
	[ "$status" -ne 0 ]
	run rt delete "$(ID)"
	[ "$status" -ne 0 ]
	has "$output" "is not stopped: running"
	local _
	for _ in $(seq 100); do ! grep -q ready "$B/out" || break; sleep 0.1; done
	rt kill "$(ID)" SIGTERM
	for _ in $(seq 100); do [ "$(state_of)" != stopped ] || break; sleep 0.1; done
	same "$(state_of)" stopped
	run rt kill "$(ID)" KILL
	[ "$status" -ne 0 ]
	rt delete "$(ID)"
	run rt state "$(ID)"
	[ "$status" -ne 0 ]
	has "$output" "does not exist"
	rt delete --force "$(ID)"
}

@test "exit codes and output of run and exec come through" {
	config '' /bin/sh -c 'echo out; echo err >&2; exit 42'
	go
	same "$status" 42
	same "$output" "$(printf 'out\nerr')"
	config '' /bin/sleep 60
	up
	ex --env A=b --cwd /tmp "$(ID)" /bin/sh -c 'echo $A; pwd; exit 7'
	same "$status" 7
	same "$output" "$(printf 'b\n/tmp')"
	printf '{"args":["/bin/id","-u"],"cwd":"/","user":{"uid":9,"gid":9}}' >"$B/p.json"
	ex --process "$B/p.json" "$(ID)"
	same "$output" 9
	ex "$(ID)" nosuch
	same "$status" 255
	has "$output" 'exec: "nosuch": executable file not found in $PATH'
	ex --cwd /nope "$(ID)" /bin/true
	has "$output" 'chdir to cwd ("/nope") set in config.json failed: no such file or directory'
	ex "$(ID)" /etc
	has "$output" 'exec: "/etc": is a directory'
	ex "$(ID)" /etc/passwd
	has "$output" 'exec: "/etc/passwd": permission denied'
	printf '#!/no/interpreter\n' >"$B/rootfs/bin/odd"
	chmod 755 "$B/rootfs/bin/odd"
	ex "$(ID)" /bin/odd
	same "$status" 255
	same "$output" "exec /bin/odd: no such file or directory"
}

@test "pause, resume, ps, list, events and update" {
	config '' /bin/sleep 60
	up
	rt pause "$(ID)"
	same "$(state_of)" paused
	ex "$(ID)" /bin/true
	[ "$status" -ne 0 ]
	rt resume "$(ID)"
	same "$(state_of)" running
	same "$(rt ps --format json "$(ID)")" "[$(rt state "$(ID)" | jq .pid)]"
	same "$(rt list -q)" "$(ID)"
	same "$(rt list --format json | jq -r '.[0].id')" "$(ID)"
	rt update --memory 64m --pids-limit 33 "$(ID)"
	same "$(rt events --stats "$(ID)" | jq '.data.memory.usage.limit, .data.pids.limit' | xargs)" "67108864 33"
	ex "$(ID)" /bin/true
	same "$status" 0
}

@test "limits are in force when the program starts" {
	config 'l["resources"].update({"memory": {"limit": 67108864}, "pids": {"limit": 20}})' /bin/sh -c 'i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done; true'
	go
	has "$output" "fork"
}

@test "hooks run in their order and hear the state" {
	local h
	for h in prestart createRuntime createContainer poststart poststop; do
		printf '#!/bin/sh\necho %s $(jq -r "[.id,.status]|@tsv") >>%s\n' "$h" "$B/heard" >"$B/$h"
		chmod 755 "$B/$h"
	done
	config 'c["hooks"] = {k: [{"path": B + "/" + k, "env": ["PATH=/usr/bin:/bin"]}] for k in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}' /bin/true
	go
	same "$status" 0
	same "$(cut -d' ' -f1 "$B/heard" | xargs)" "prestart createRuntime createContainer poststart poststop"
	has "$(cat "$B/heard")" "poststart $(ID) running"
	has "$(cat "$B/heard")" "poststop $(ID) stopped"
	# a hook that fails stops the start, and poststop still hears of it
	rm "$B/heard"
	config 'c["hooks"] = {"createRuntime": [{"path": "/bin/false"}], "poststop": [{"path": B + "/poststop", "env": ["PATH=/usr/bin:/bin"]}]}' /bin/true
	go
	[ "$status" -ne 0 ]
	has "$output" "createRuntime hook #0"
	has "$(cat "$B/heard")" poststop
	config 'c["hooks"] = {"prestart": [{"path": "/bin/sleep", "args": ["sleep", "30"], "timeout": 1}]}' /bin/true
	go
	[ "$status" -ne 0 ]
	has "$output" "timed out"
}

@test "user namespace: ids are mapped, devices and /proc work" {
	chown -R 100000:100000 "$B/rootfs"
	config "l['namespaces'].append({'type': 'user'}); l['uidMappings'] = l['gidMappings'] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]; bind(B, '/vol', 'ro')" \
		/bin/sh -c 'id -u; cat /proc/self/uid_map | xargs; echo x >/dev/null && echo null; touch /made && echo made; touch /vol/x 2>/dev/null || echo ro'
	sed -i 's/ | xargs//' "$B/config.json"
	go
	same "$status" 0
	same "$(tr -s ' ' <<<"$output")" "$(printf '0\n 0 100000 65536\nnull\nmade\nro')"
	same "$(stat -c %u "$B/rootfs/made")" 100000
	config "l['namespaces'].append({'type': 'user'})" /bin/true
	go
	[ "$status" -ne 0 ]
}

@test "id-mapped mounts show mapped owners" {
	mkdir "$B/m"
	touch "$B/m/f"
	chown 5:6 "$B/m/f"
	config "bind(B + '/m', '/m'); c['mounts'][-1].update({'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 100}], 'gidMappings': [{'containerID': 0, 'hostID': 2000, 'size': 100}]})" /bin/busybox stat -c '%u:%g' /m/f
	go
	same "$output" 1005:2006
}

@test "time namespace: offsets are set" {
	config "l['namespaces'].append({'type': 'time'}); l['timeOffsets'] = {'boottime': {'secs': 1000000000}}" /bin/cat /proc/uptime
	go
	same "$status" 0
	[ "${output%%.*}" -gt 1000000000 ]
}

@test "joined namespaces are the other container's" {
	config '' /bin/sleep 60
	up
	local pid; pid=$(rt state "$(ID)" | jq .pid)
	config "ns('pid', 'network', 'uts', 'ipc'); l['cgroupsPath'] += 'b'; l['namespaces'] += [{'type': t, 'path': '/proc/$pid/ns/' + f} for t, f in (('pid', 'pid'), ('network', 'net'), ('uts', 'uts'), ('ipc', 'ipc'))]" \
		/bin/sh -c 'for n in pid net uts ipc mnt; do /bin/busybox readlink /proc/self/ns/$n; done'
	run timeout 20 "$BIN/hull-runtime" --root "$R/state" run --bundle "$B" other </dev/null
	same "$status" 0
	local n
	for n in pid net uts ipc; do has "$output" "$(readlink "/proc/$pid/ns/$n")"; done
	lacks "$output" "$(readlink "/proc/$pid/ns/mnt")"
}

@test "mounts: options, tmpfs copy-up, recursive read-only, masked and read-only paths" {
	mkdir "$B/v"
	mkdir -p "$B/rootfs/data/sub"
	echo kept >"$B/rootfs/data/sub/f"
	config "c['mounts'] += [{'destination': '/data', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['tmpcopyup', 'size=1m', 'noexec']}]; bind(B + '/v', '/v', 'rro', 'nosuid', 'rprivate'); l['maskedPaths'] += ['/etc/group']; l['readonlyPaths'] += ['/etc']; c['root']['readonly'] = True" \
		/bin/sh -c 'cat /data/sub/f; /bin/probe open w /v/x; touch /data/new && echo new; touch /etc/x 2>/dev/null || echo ro-etc; touch /x 2>/dev/null || echo ro-root; cat /etc/group; grep " /v " /proc/mounts'
	go
	same "$status" 0
	has "$output" "$(printf 'kept\nENOENT\nnew\nro-etc\nro-root')"
	has "$output" "ro,nosuid"
	lacks "$output" wheel
}

@test "preserved descriptors are passed on, others are not" {
	config '' /bin/probe state
	# 3 is bats' own here
	run timeout 20 bash -c 'exec 3<"$1" 4<"$1"; shift; exec "$@"' - "$R/canary/file" \
		"$BIN/hull-runtime" --root "$R/state" run --preserve-fds 1 --bundle "$B" "$(ID)" </dev/null
	same "$(field '.fds | keys | join(" ")')" "0 1 2 3"
}

@test "what is not offered is refused by name" {
	config '' /bin/true
	run rt --systemd-cgroup run --bundle "$B" "$(ID)"
	[ "$status" -ne 0 ]
	has "$output" systemd-cgroup
	run rt checkpoint "$(ID)"
	has "$output" "not supported"
	config 'l["intelRdt"] = {"closID": "x"}' /bin/true
	go
	has "$output" intelRdt
	run rt --log "$B/log" --log-format json state nosuch
	[ "$status" -ne 0 ]
	same "$(jq -r .level "$B/log")" error
	rt features | jq -e '.linux.namespaces | length == 8' >/dev/null
	has "$(rt --version)" "spec: 1."
}
