#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Strictness of HTTP and of the API's input: what is malformed gets 400 and a closed connection, and harms nobody.
load lib

# Sends raw bytes (printf format) and prints what comes back until the server closes or two seconds passed.
raw() {
	printf "$1" >"$D/request"
	python3 - "$SOCK" "$D/request" <<'P'
import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect(sys.argv[1])
try: s.sendall(open(sys.argv[2], 'rb').read())
except BrokenPipeError: pass
got, state = b'', 'open'
try:
    while True:
        d = s.recv(65536)
        if not d: state = 'closed'; break
        got += d
except socket.timeout: pass
except ConnectionResetError: state = 'closed'
sys.stdout.write(got.decode('latin1').replace('\r', '') + '\n[' + state + ']\n')
P
}
refused() { # FORMAT
	run -0 raw "$1"
	matches "${lines[0]}" '^HTTP/1.1 400 '
	contains "$output" "[closed]"
	same "$(grep -o 'HTTP/1.1' <<<"$output" | wc -l)" 1
}

@test "conflicting or malformed lengths" {
	refused 'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'
	refused 'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
	refused 'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: -1\r\n\r\n'
	refused 'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: +5\r\n\r\nhello'
	refused 'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 99999999999999999999\r\n\r\n'
	refused 'POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 5, 5\r\n\r\nhello'
	refused 'POST /containers/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n'
}

@test "malformed chunks" {
	local h='POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
	refused "${h}zz\r\nhello\r\n0\r\n\r\n"
	refused "${h}5\nhello\r\n0\r\n\r\n"
	refused "${h}ffffffffffffffffff\r\nhello\r\n0\r\n\r\n"
	refused "${h}5\r\nhelloXX0\r\n\r\n"
}

@test "bare LF, obs-fold, NUL, bad names and lines" {
	refused 'GET /_ping HTTP/1.1\nHost: d\n\n'
	refused 'GET /_ping HTTP/1.1\r\nHost: d\nX: y\r\n\r\n'
	refused 'GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\r\n b\r\n\r\n'
	refused 'GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\000b\r\n\r\n'
	refused 'GET /_ping HTTP/1.1\r\nHost : d\r\n\r\n'
	refused 'GET /_ping HTTP/1.1\r\nHost: d\r\n: x\r\n\r\n'
	refused 'GET /_ping HTTP/1.1\r\nHost: d\r\nno colon\r\n\r\n'
	refused 'GET  /_ping HTTP/1.1\r\nHost: d\r\n\r\n'
	refused 'GET /_ping HTTP/1.1 \r\nHost: d\r\n\r\n'
	refused 'GET /_pi\001ng HTTP/1.1\r\nHost: d\r\n\r\n'
	refused 'nonsense\r\n\r\n'
}

@test "too long a head" {
	python3 -c 'print("GET /_ping HTTP/1.1\\r\\nHost: d\\r\\nX: " + "a" * 70000 + "\\r\\n\\r")' >"$D/long"
	run -0 raw "$(cat "$D/long")\n"
	matches "${lines[0]}" '^HTTP/1.1 (400|431) '
	contains "$output" "[closed]"
	python3 -c 'print("GET /_ping HTTP/1.1\\r\\nHost: d\\r\\n" + "".join("X%d: a\\r\\n" % i for i in range(200)) + "\\r")' >"$D/many"
	run -0 raw "$(cat "$D/many")\n"
	matches "${lines[0]}" '^HTTP/1.1 (400|431) '
}

@test "two requests on one connection, pipelined" {
	run -0 raw 'GET /_ping HTTP/1.1\r\nHost: d\r\n\r\nGET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n'
	same "$(grep -o 'HTTP/1.1 200' <<<"$output" | wc -l)" 2
	contains "$output" "[closed]"
}

@test "HTTP/1.0 is answered and closed" {
	run -0 raw 'GET /_ping HTTP/1.0\r\n\r\n'
	matches "${lines[0]}" '^HTTP/1.[01] 200 '
	contains "$output" "[closed]"
}

@test "bodies: bad JSON, wrong type, wrong content type, trailing data, duplicate keys, depth" {
	api_expect 400 POST /containers/create '{'
	api_expect 400 POST /containers/create '{"Image":"busybox"} trailing'
	api_expect 400 POST /containers/create '{"Image":5}'
	contains "$(message)" Image
	api_expect 400 POST /containers/create '{"Image":"busybox","HostConfig":{"Memory":"much"}}'
	contains "$(message)" Memory
	api POST /containers/create '' -H 'Content-Type: text/plain' --data '{"Image":"busybox"}'
	same "$code" 400
	contains "$(message)" "Content-Type"
	python3 -c 'print("[" * 100000)' >"$D/deep"
	api POST /containers/create '' -H 'Content-Type: application/json' --data-binary "@$D/deep"
	same "$code" 400
	head -c 6000000 /dev/zero | tr '\0' ' ' >"$D/big"
	api POST /containers/create '' -H 'Content-Type: application/json' --data-binary "@$D/big"
	matches "$code" '^(400|413)$'
}

@test "unknown fields are ignored" {
	api_expect 201 POST '/containers/create?name=unk' '{"Image":"busybox","Cmd":["true"],"Nonsense":{"a":[1]},"HostConfig":{"Also":1}}'
}

@test "bad parameters are named" {
	api_expect 400 GET '/containers/json?limit=abc'
	api_expect 400 GET '/containers/json?filters=%7B'
	api_expect 400 GET '/containers/json?filters=%7B%22nope%22%3A%5B%22x%22%5D%7D'
	same "$(message)" "invalid filter 'nope'"
	api_expect 201 POST '/containers/create?name=par' '{"Image":"busybox","Cmd":["true"]}'
	api_expect 400 GET '/containers/par/logs'
	same "$(message)" "Bad parameters: you must choose at least one stream"
	api_expect 400 POST '/containers/par/wait?condition=x'
	api_expect 400 POST '/containers/create?name=bad%20name' '{"Image":"busybox","Cmd":["true"]}'
	api_expect 400 POST '/containers/create' '{"Image":"busybox","Cmd":[],"Entrypoint":[""]}'
	same "$(message)" "no command specified"
	api_expect 400 POST '/containers/create' '{}'
}

@test "paths with encoded slashes, dots and NUL stay names" {
	api_expect 404 GET '/containers/..%2f..%2fetc/json'
	api GET '/images/..%2f..%2fetc/json'
	matches "$code" '^(400|404)$'
	api GET '/containers/a%00b/json'
	matches "$code" '^(400|404)$'
	api GET '/containers/%zz/json'
	matches "$code" '^(400|404)$'
}

@test "error bodies are JSON with a message and a newline" {
	curl -s --unix-socket "$SOCK" http://d/containers/nosuch/json >"$D/b"
	same "$(cat "$D/b")" '{"message":"No such container: nosuch"}'
	same "$(tail -c 1 "$D/b" | od -An -tx1 | tr -d ' ')" 0a
	contains "$(curl -s --unix-socket "$SOCK" -D - -o /dev/null http://d/containers/nosuch/json)" "Content-Type: application/json"
}

@test "attach answers 101 to an upgrade and 200 without" {
	hull run -d --name hi -i $IMAGE cat >/dev/null
	run -0 raw 'POST /containers/hi/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
	same "${lines[0]}" "HTTP/1.1 101 UPGRADED"
	contains "$output" "Content-Type: application/vnd.docker.multiplexed-stream"
	contains "$output" "Connection: Upgrade"
	contains "$output" "Upgrade: tcp"
	run -0 raw 'POST /containers/hi/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n'
	matches "${lines[0]}" '^HTTP/1.1 200 OK'
	contains "$output" "Content-Type: application/vnd.docker.raw-stream"
}

@test "stdin bytes that follow the head in the same packet are not lost" {
	hull run -d --name pk -i $IMAGE sh -c 'read x; echo "got $x"' >/dev/null
	run -0 raw 'POST /containers/pk/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly\n'
	contains "$output" "got early"
}

@test "a websocket attach carries the bare streams" {
	hull run -d --name ws -i $IMAGE sh -c 'read x; echo "got $x"' >/dev/null
	run -0 python3 - "$SOCK" <<'P'
import base64, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])
s.sendall(b'GET /containers/ws/attach/ws?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
          b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
got = b''
while b'\r\n\r\n' not in got: got += s.recv(4096)
head, _, rest = got.partition(b'\r\n\r\n')
assert head.startswith(b'HTTP/1.1 101'), head
assert b's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' in head, head
mask = os.urandom(4); data = b'socket\n'
s.sendall(bytes([0x82, 0x80 | len(data)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
while b'got socket' not in rest: 
    d = s.recv(4096)
    assert d, rest
    rest += d
print('ok')
P
	same "$output" ok
}

@test "slow heads are given up, and do not keep others waiting" {
	python3 - "$SOCK" >"$D/slow" <<'P' &
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(25)
s.sendall(b'GET /_pi')
t = time.monotonic()
try:
    while s.recv(4096): pass
except ConnectionResetError: pass
print('closed after %.0f' % (time.monotonic() - t))
P
	local pid=$!
	api_expect 200 GET /_ping
	wait $pid
	matches "$(cat "$D/slow")" 'closed after ([5-9]|1[0-9])$'
}
