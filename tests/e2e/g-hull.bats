#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What belongs to the hull program itself: help, errors, versions, completions, formats, hosts.
load lib

@test "hull --version is quick and needs no daemon" {
	run -0 env -i "$BIN/hull" --version
	matches "$output" '^(Hull|hull|Docker) version '
}

@test "help goes to stdout for --help and names every command" {
	run -0 "$BIN/hull" --help
	local c
	for c in run exec ps images load save import history tag rmi inspect logs attach create start stop restart kill wait rm rename pause unpause top port version info events; do
		matches "$output" "(^|"$'\n'")  $c " || contains "$output" "  $c"
	done
	run -0 "$BIN/hull" run --help
	contains "$output" "Usage:"
	contains "$output" "--rm"
	contains "$output" "Automatically remove"
}

@test "usage errors" {
	run -1 hull nosuchcommand
	contains "$output" "unknown command: hull nosuchcommand"
	run -1 hull rm
	contains "$output" "requires at least 1 argument"
	run -125 hull ps --nosuch
	contains "$output" "unknown flag: --nosuch"
	run -125 hull run -Z $IMAGE
	contains "$output" "unknown shorthand flag: 'Z' in -Z"
	run -1 hull rename a
	contains "$output" "requires 2 arguments"
}

@test "flag grammar: clusters, equals, mixed, --" {
	same "$(echo x | hull run -i --rm --env=A=1 -eB=2 $IMAGE sh -c 'echo $A$B; cat')" $'12\nx'
	same "$(hull run --rm -ie C=3 $IMAGE sh -c 'echo $C' </dev/null)" 3
	hull create --name one --label=a=b -- $IMAGE echo --flag >/dev/null
	same "$(hull ps -qa --filter name=one --no-trunc)" "$(inspect one .Id)"
	same "$(hull rm one -f)" one
}

@test "no daemon: a clear message and code 1" {
	run -1 env DOCKER_HOST=unix:///nosuch/sock "$BIN/hull" ps
	contains "$output" "Cannot connect to the Docker daemon at unix:///nosuch/sock. Is the docker daemon running?"
	run -125 env DOCKER_HOST=unix:///nosuch/sock "$BIN/hull" run $IMAGE
	run -1 env DOCKER_HOST=nonsense://x "$BIN/hull" ps
}

@test "-H and DOCKER_HOST, also over tcp on loopback" {
	same "$("$BIN/hull" -H "unix://$SOCK" version --format '{{.Server.ApiVersion}}')" 1.51
	same "$(DOCKER_HOST=unix://$SOCK DOCKER_API_VERSION=1.41 "$BIN/hull" version --format '{{.Client.APIVersion}}')" 1.41
}

@test "formats: table, json, templates, errors in them" {
	hull create --name fmt $IMAGE true >/dev/null
	same "$(hull ps -a --format json | jq -r .Names)" fmt
	matches "$(hull ps -a --format 'table {{.Names}}\t{{.Status}}' | head -n 1)" '^NAMES +STATUS'
	same "$(hull ps -a --format '{{upper .Names}} {{len .Names}} {{if eq .State "created"}}yes{{else}}no{{end}}')" "FMT 3 yes"
	same "$(hull inspect -f '{{range .Args}}{{.}}{{end}}{{.Config.Image}}' fmt)" busybox
	same "$(hull inspect -f '{{index .Config.Cmd 0}} {{.HostConfig.Memory}} {{json .Mounts}}' fmt)" "true 0 []"
	run -64 hull inspect -f '{{.Nope' fmt
	contains "$output" "emplate parsing error"
	run hull ps -a --format '{{.Nope}}'
	[ "$status" -ne 0 ]
}

@test "invoked as docker it speaks as docker" {
	ln -s "$BIN/hull" "$D/docker"
	same "$(DOCKER_HOST=unix://$SOCK "$D/docker" run --rm $IMAGE echo ok)" ok
	run -0 "$D/docker" --version
	matches "$output" '^Docker version '
}

@test "management forms are the same commands" {
	same "$(hull container run --rm $IMAGE echo x)" x
	hull container create --name mg $IMAGE true >/dev/null
	same "$(hull container ls -a --format '{{.Names}}')" mg
	same "$(hull container inspect mg | jq -r '.[0].Name')" /mg
	same "$(hull image ls -q)" "$(hull images -q)"
	same "$(hull image inspect $IMAGE | jq -r '.[0].RepoTags[0]')" busybox:latest
	hull container rm mg >/dev/null
	hull system info | grep -q 'Server Version'
}

@test "terminal escapes in names from the server are not passed to the terminal" {
	api_expect 201 POST '/containers/create?name=esc' '{"Image":"busybox","Cmd":["\u001b[31mred"]}'
	run -0 hull ps -a --no-trunc
	lacks "$output" $'\033'
}

@test "completions and man pages exist for what there is" {
	run -0 "$BIN/hull" completion bash
	contains "$output" "hull"
	bash -n <(printf '%s\n' "$output")
}
