#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The daemon: ping, version, info, events, API versions, its socket, flags and configuration file.
load lib

headers() { curl -s -m 10 --unix-socket "$SOCK" -D - -o /dev/null "$@" | tr -d '\r'; }

@test "_ping answers OK with the headers clients look at" {
	same "$(curl -s --unix-socket "$SOCK" http://d/_ping)" OK
	run -0 headers http://d/_ping
	matches "${lines[0]}" '^HTTP/1.1 200 OK'
	contains "$output" "Api-Version: 1.51"
	contains "$output" "Ostype: linux"
	contains "$output" "Docker-Experimental: false"
	contains "$output" "Cache-Control: no-cache, no-store, must-revalidate"
	contains "$output" "Pragma: no-cache"
	contains "$output" "Builder-Version: "
	contains "$output" "Swarm: inactive"
	contains "$output" "Content-Type: text/plain; charset=utf-8"
	run -0 curl -s -m 10 --unix-socket "$SOCK" -I http://d/_ping
	matches "${lines[0]}" '^HTTP/1.1 200 OK'
	contains "$output" "Content-Length: 0"
}

@test "versions 1.24 to 1.51 are served, others refused in Docker's words" {
	local v
	for v in 1.24 1.30 1.41 1.44 1.51; do api_expect 200 GET "/v$v/version"; done
	api_expect 400 GET /v1.52/version
	same "$(message)" "client version 1.52 is too new. Maximum supported API version is 1.51"
	api_expect 400 GET /v1.23/version
	contains "$body" "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
}

@test "unknown routes and methods are 404, page not found" {
	api_expect 404 GET /nosuchroute
	same "$(message)" "page not found"
	api_expect 404 DELETE /version
	api_expect 404 GET /v1.41/containers
}

@test "what is not there yet answers 501 with its name" {
	local path
	for path in /swarm/init; do
		api POST "$path" '{}'
		[ "$code" = 501 ] || [ "$code" = 503 ]
		[ -n "$(message)" ]
	done
	api POST /networks/create '{"Name":"n"}'
	same "$code" 501
	matches "$(message)" "network"
}

@test "version tells API range, kernel and platform" {
	api_expect 200 GET /version
	same "$(field '"\(.ApiVersion) \(.MinAPIVersion) \(.Os)"')" "1.51 1.24 linux"
	same "$(field .KernelVersion)" "$(uname -r)"
	[ -n "$(field .Components[0].Name)" ]
	run -0 hull version
	contains "$output" "Client:"
	contains "$output" "Server:"
}

@test "info counts containers and names the host" {
	hull run -d $IMAGE sleep 60 >/dev/null
	hull create $IMAGE true >/dev/null
	hull run -d --name pp $IMAGE sleep 60 >/dev/null
	hull pause pp >/dev/null
	api_expect 200 GET /info
	same "$(field '"\(.Containers) \(.ContainersRunning) \(.ContainersPaused) \(.ContainersStopped) \(.Images)"')" "3 1 1 1 1"
	same "$(field .DockerRootDir)" "$T/data"
	same "$(field .Name)" "$(uname -n)"
	same "$(field .NCPU)" "$(nproc)"
	matches "$(field .CgroupVersion)" '^[12]$'
	same "$(field .Driver)" overlay2
	run -0 hull info
	contains "$output" "Containers: 3"
}

@test "the socket belongs to root, mode 0660" {
	same "$(stat -c %a "$SOCK")" 660
	same "$(stat -c %U "$SOCK")" root
}

@test "data and run directories are closed to others" {
	same "$(stat -c %a "$T/data")" 700 || same "$(stat -c %a "$T/data")" 710 || same "$(stat -c %a "$T/data")" 711
	run -0 find "$T/data" "$T/exec" -type s -perm /077
	same "$output" ""
	run -0 find "$T/data" "$T/exec" -type f -perm /022 -not -path '*/layers/*'
	same "$output" ""
}

@test "events tell the life of a container in order" {
	local since; since=$(date +%s.%N)
	hull run --name ev --label k=v $IMAGE true
	hull rm ev >/dev/null
	run -0 hull events --since "$since" --until "$(date +%s.%N)" --filter type=container --format '{{.Action}}'
	same "$output" $'create\nattach\nstart\ndie\ndestroy'
	run -0 hull events --since "$since" --until "$(date +%s.%N)" --filter event=die --format '{{json .}}'
	same "$(jq -r '.Actor.Attributes | "\(.exitCode) \(.image) \(.name) \(.k)"' <<<"$output")" "0 busybox ev v"
	same "$(jq -r '.Type + " " + .status' <<<"$output")" "container die"
}

@test "events arrive live" {
	"$BIN/hull" -H "unix://$SOCK" events --filter container=live --format '{{.Action}}' >"$D/events" & local pid=$!
	sleep 0.3
	hull create --name live $IMAGE true >/dev/null
	hull rename live lively
	hull rm lively >/dev/null
	eventually 3 grep -q destroy "$D/events"
	kill $pid; wait $pid || true
	same "$(cat "$D/events")" $'create\nrename\ndestroy'
}

@test "image events" {
	local since; since=$(date +%s.%N)
	hull tag $IMAGE evt:1
	hull rmi evt:1 >/dev/null
	run -0 hull events --since "$since" --until "$(date +%s.%N)" --filter type=image --format '{{.Action}}'
	same "$output" $'tag\nuntag'
}

@test "--validate checks a configuration file" {
	echo '{"log-driver":"json-file"}' >"$D/ok.json"
	run -0 "$BIN/hulld" --validate --config-file "$D/ok.json"
	contains "$output" "configuration OK"
	echo '{"nosuchkey":1}' >"$D/bad.json"
	run -1 "$BIN/hulld" --validate --config-file "$D/bad.json"
	contains "$output" "the following directives don't match any configuration option: nosuchkey"
	echo '{' >"$D/syntax.json"
	run -1 "$BIN/hulld" --validate --config-file "$D/syntax.json"
	echo '{"data-root":"/x"}' >"$D/both.json"
	run -1 "$BIN/hulld" --validate --config-file "$D/both.json" --data-root /y
	contains "$output" "the following directives are specified both as a flag and in the configuration file: data-root"
}

@test "unknown flags are refused, --version and --help answer" {
	run "$BIN/hulld" --nosuchflag
	[ "$status" -ne 0 ]
	contains "$output" "unknown flag: --nosuchflag"
	run -0 "$BIN/hulld" --version
	[ -n "$output" ]
	run -0 "$BIN/hulld" --help
	contains "$output" --data-root
}

@test "a second daemon on the same data is refused" {
	run timeout 10 "$BIN/hulld" --host "unix://$D/sock" --data-root "$T/data" --exec-root "$D/exec" --pidfile "$D/pid" --config-file "$T/daemon.json"
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	api_expect 200 GET /_ping
	rm -rf "$D/exec"
}

@test "a plain TCP listener is refused beyond loopback" {
	run timeout 10 "$BIN/hulld" --host tcp://0.0.0.0:12375 --data-root "$D/data" --exec-root "$D/exec" --pidfile "$D/pid" --config-file "$T/daemon.json"
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	matches "$output" "tls|TLS|insecure"
}

@test "TCP on loopback and with mutual TLS" {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout "$D/ca-key.pem" -out "$D/ca.pem" 2>/dev/null
	local who
	for who in server client; do
		openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$D/$who-key.pem" -out "$D/$who.csr" 2>/dev/null
		openssl x509 -req -in "$D/$who.csr" -CA "$D/ca.pem" -CAkey "$D/ca-key.pem" -CAcreateserial -days 2 -out "$D/$who.pem" \
			-extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) 2>/dev/null
	done
	cp "$D/client.pem" "$D/cert.pem"; cp "$D/client-key.pem" "$D/key.pem"
	stop_daemon
	start_daemon --host tcp://127.0.0.1:12375 --host tcp://127.0.0.1:12376 --tlsverify --tlscacert "$D/ca.pem" --tlscert "$D/server.pem" --tlskey "$D/server-key.pem"
	same "$(curl -s --cacert "$D/ca.pem" --cert "$D/cert.pem" --key "$D/key.pem" https://localhost:12376/_ping)" OK
	run curl -s --cacert "$D/ca.pem" https://localhost:12376/_ping
	[ "$status" -ne 0 ]
	run curl -s http://localhost:12376/_ping
	lacks "$output" OK
	run curl -s --tls-max 1.1 --cacert "$D/ca.pem" --cert "$D/cert.pem" --key "$D/key.pem" https://localhost:12376/_ping
	[ "$status" -ne 0 ]
	run -0 env DOCKER_HOST=tcp://127.0.0.1:12376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$D" "$BIN/hull" run --rm $IMAGE echo over tls
	same "$output" "over tls"
	same "$(echo piped | DOCKER_HOST=tcp://127.0.0.1:12376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$D "$BIN/hull" run --rm -i $IMAGE cat)" piped
	stop_daemon
	start_daemon
}


@test "a thousand idle connections cost at most 3 MB and no thread each" {
	local before after threads
	before=$(awk '/^Rss/ { print $2 }' "/proc/$(daemon_pid)/smaps_rollup")
	python3 - "$SOCK" "$D" <<'P' &
import socket, sys, time, os
socks = []
for i in range(1000):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
    s.sendall(b'GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n')
    got = b''
    while b'\r\n\r\nOK' not in got: got += s.recv(4096)
    socks.append(s)
open(sys.argv[2] + '/ready', 'w').close()
while not os.path.exists(sys.argv[2] + '/done'): time.sleep(0.05)
P
	local pid=$!
	eventually 30 test -e "$D/ready"
	after=$(awk '/^Rss/ { print $2 }' "/proc/$(daemon_pid)/smaps_rollup")
	threads=$(find "/proc/$(daemon_pid)/task" -maxdepth 1 | wc -l)
	touch "$D/done"
	wait $pid
	[ "$threads" -lt 100 ] || { echo "$threads threads"; false; }
	# a sanitizer's shadow memory is no measure
	nm "$BIN/hulld" 2>/dev/null | grep -q -e __asan_init -e __tsan_init || [ $((after - before)) -le 3072 ] || { echo "$((after - before)) kB for 1000 connections"; false; }
}
