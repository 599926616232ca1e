#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# Two hundred lives of a container leave no mount, descriptor, thread, cgroup or file behind, and memory flat.
load ../e2e/lib

private_kb() { awk '/^Private_(Dirty|Clean)/ { s += $2 } END { print s }' "/proc/$(daemon_pid)/smaps_rollup"; }

@test "200 cycles of create, start, exec, remove" {
	local n id first last
	for n in $(seq 200); do
		api_expect 201 POST /containers/create '{"Image":"busybox","Cmd":["sleep","60"]}'
		id=$(field .Id)
		api_expect 204 POST "/containers/$id/start"
		api_expect 201 POST "/containers/$id/exec" '{"Cmd":["true"]}'
		api_expect 200 POST "/exec/$(field .Id)/start" '{"Detach":true}'
		api_expect 204 DELETE "/containers/$id?force=1"
		[ "$n" != 50 ] || first=$(private_kb)
	done
	last=$(private_kb)
	echo "private memory: $first kB after 50 cycles, $last kB after 200"
	# a sanitizer keeps freed memory for a while
	if ! nm "$BIN/hulld" 2>/dev/null | grep -q -e __asan_init -e __tsan_init; then [ $((last - first)) -le 1024 ]; fi
}

@test "50 containers at a time, started and removed in parallel" {
	seq 50 | xargs -P 16 -n 1 bash -c "DOCKER_HOST=unix://$SOCK $BIN/hull run -d --name par\$1 busybox sleep 60 >/dev/null" _
	same "$(hull ps -q | wc -l)" 50
	hull ps -aq | xargs -P 16 -n 4 env "DOCKER_HOST=unix://$SOCK" "$BIN/hull" rm -f >/dev/null
	same "$(hull ps -aq | wc -l)" 0
}

@test "clients that leave in the middle of anything cost nothing" {
	hull run -d --name ww $IMAGE sleep 60 >/dev/null
	local n path
	for n in $(seq 20); do
		for path in 'POST /containers/ww/wait' 'POST /containers/ww/attach?stream=1&stdout=1' 'GET /containers/ww/logs?follow=1&stdout=1' 'GET /events'; do
			timeout 0.05 curl -s --unix-socket "$SOCK" -X "${path%% *}" "http://d${path#* }" >/dev/null || true
		done
	done
	same "$(hull exec ww echo ok)" ok
}
