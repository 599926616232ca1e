#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hull-runtime as the OCI runtime of another engine (Debian's podman) and by its own command line.
load lib

setup_file() {
	export T SOCK ROOTFS SUITE_FLAGS=
	T=$(mktemp -d "$HULL_TEST_DIR/XXXX")
	sanitizers
	ROOTFS=$T/keep/rootfs
	mkdir -p "$ROOTFS"
	"$TOOLS/mkimage" "$T/keep/i.tar"
	mkdir "$T/keep/x"
	tar -xf "$T/keep/i.tar" -C "$T/keep/x"
	# podman's own supervisors are put beside the containers, and podman leaves that directory
	local c d
	for c in /sys/fs/cgroup/*/cgroup.procs; do
		mkdir -p "${c%/*}$HULL_TEST_CGROUP/conmon"
		for d in cpuset.cpus cpuset.mems; do # empty in a new v1 directory: nothing could join it
			[ -e "${c%/*}/$d" ] || continue
			cat "${c%/*}/$d" >"${c%/*}$HULL_TEST_CGROUP/$d"
			cat "${c%/*}/$d" >"${c%/*}$HULL_TEST_CGROUP/conmon/$d"
		done
	done
	local layer
	for layer in $(jq -r '.[0].Layers[]' "$T/keep/x/manifest.json"); do tar -xf "$T/keep/x/$layer" -C "$ROOTFS"; done
}
setup() {
	export D=$T/tmp/test
	mkdir -p "$D"
	"$TOOLS/leakcheck" snapshot --dir "$T" --bin "$BIN" --cgroup "$HULL_TEST_CGROUP" >"$HULL_TEST_DIR/before"
}
teardown() {
	[ -z "${BATS_TEST_SKIPPED-}" ] || return 0
	podman_ rm -fa >/dev/null 2>&1 || true
	rm -rf "$D"
	"$TOOLS/leakcheck" compare "$HULL_TEST_DIR/before" --dir "$T" --bin "$BIN" --cgroup "$HULL_TEST_CGROUP"
}
teardown_file() { podman_ system reset -f >/dev/null 2>&1 || true; rm -rf --one-file-system "$T"; }

podman_() {
	command podman --root "$T/keep/podman" --runroot "$T/keep/podrun" --tmpdir "$T/keep/podtmp" --runtime "$BIN/hull-runtime" --cgroup-manager cgroupfs --events-backend file \
		--storage-driver vfs "$@"
}
pod() { needs podman; podman_ "$@"; }
podrun() { podman_ run --network none --cgroup-parent "$HULL_TEST_CGROUP" --security-opt label=disable "$@"; }
load_pod() { needs podman; podman_ image exists busybox || podman_ load -q -i "$T/keep/i.tar" >/dev/null; }

bundle() { # [JQ-FILTER]: a bundle at $D/b
	mkdir -p "$D/b"
	rm -f "$D/b/config.json"
	"$BIN/hull-runtime" spec --bundle "$D/b"
	jq --arg root "$ROOTFS" --arg cg "$HULL_TEST_CGROUP/r$RANDOM" '.root.path = $root | .process.terminal = false | .linux.cgroupsPath = $cg | '"${1:-.}" "$D/b/config.json" >"$D/b/c" && mv "$D/b/c" "$D/b/config.json"
}
rt() { "$BIN/hull-runtime" --root "$D/run" "$@"; }

@test "podman run, its output and exit code" {
	load_pod
	run -0 podrun --rm busybox echo from podman
	same "$output" "from podman"
	run -3 podrun --rm busybox sh -c 'exit 3'
	run -127 podrun --rm busybox nosuch
	same "$(echo in | podrun --rm -i busybox cat)" in
}

@test "podman run -d, exec, stop, rm" {
	load_pod
	podrun -d --name pd busybox sleep 60
	same "$(podman_ exec pd echo in exec)" "in exec"
	same "$(podman_ exec pd id -u)" 0
	run -5 podman_ exec pd sh -c 'exit 5'
	podman_ stop -t 1 pd
	podman_ rm pd
}

@test "podman with a terminal, limits, read-only root, capabilities" {
	load_pod
	run -0 podrun --rm -t busybox tty
	contains "$output" /dev/pts/0
	run -0 podrun --rm --read-only --cap-drop all busybox sh -c 'touch /x 2>&1; grep CapEff /proc/self/status'
	contains "$output" "Read-only file system"
	contains "$output" 0000000000000000
	run -0 podrun --rm --memory 64m --pids-limit 50 busybox echo limited
	same "$output" limited
}

@test "podman pause and unpause" {
	load_pod
	podrun -d --name pz busybox sleep 60
	podman_ pause pz
	podman_ unpause pz
	podman_ rm -f -t 0 pz
}

@test "runtime: spec, create, state, start, exec, ps, kill, delete" {
	bundle '.process.args = ["sleep", "60"]'
	rt create --bundle "$D/b" --pid-file "$D/pid" one
	same "$(rt state one | jq -r '"\(.id) \(.status) \(.ociVersion | startswith("1."))"')" "one created true"
	same "$(rt state one | jq -r .pid)" "$(cat "$D/pid")"
	rt start one
	same "$(rt state one | jq -r .status)" running
	run -0 rt list
	contains "$output" one
	same "$(rt exec one echo hello)" hello
	run -6 rt exec one sh -c 'exit 6'
	contains "$(rt ps one)" sleep
	rt pause one
	same "$(rt state one | jq -r .status)" paused
	rt resume one
	run rt delete one
	[ "$status" -ne 0 ]
	rt kill one KILL
	eventually 5 bash -c "[ \$($BIN/hull-runtime --root $D/run state one | jq -r .status) = stopped ]"
	rt delete one
	run rt state one
	[ "$status" -ne 0 ]
}

@test "runtime: run, --pid-file, exit code, delete --force" {
	bundle '.process.args = ["sh", "-c", "echo ran; exit 7"]'
	run -7 rt run --bundle "$D/b" two
	same "$output" ran
	bundle '.process.args = ["sleep", "60"]'
	rt run --detach --bundle "$D/b" three </dev/null >/dev/null 2>&1
	rt delete --force three
	run rt state three
	[ "$status" -ne 0 ]
}

@test "runtime: errors are JSON in the log when asked for" {
	mkdir "$D/empty"
	run rt --log "$D/log" --log-format json create --bundle "$D/empty" bad
	[ "$status" -ne 0 ]
	same "$(tail -n 1 "$D/log" | jq -r .level)" error
	run rt --systemd-cgroup create --bundle "$D/empty" bad
	[ "$status" -ne 0 ]
	contains "$output" systemd
	run rt create --bundle "$D/empty" ../bad
	[ "$status" -ne 0 ]
}

@test "runtime: hooks run in order, a failing one undoes the container" {
	bundle '.process.args = ["true"] | .hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null; echo create >>'"$D"'/h"]}],
		"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", "echo poststart >>'"$D"'/h"]}], "poststop": [{"path": "/bin/sh", "args": ["sh", "-c", "echo poststop >>'"$D"'/h"]}]}'
	rt run --bundle "$D/b" hk
	same "$(cat "$D/h")" $'create\npoststart\npoststop'
	rm "$D/h"
	bundle '.process.args = ["true"] | .hooks = {"createRuntime": [{"path": "/bin/false"}], "poststop": [{"path": "/bin/sh", "args": ["sh", "-c", "echo poststop >>'"$D"'/h"]}]}'
	run rt run --bundle "$D/b" hf
	[ "$status" -ne 0 ]
	run rt state hf
	[ "$status" -ne 0 ]
	same "$(cat "$D/h")" poststop
}

@test "runtime: a user namespace with mappings" {
	bundle '.process.args = ["sh", "-c", "id -u; cat /proc/self/uid_map"] | .linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]'
	run -0 rt run --bundle "$D/b" un
	same "${lines[0]}" 0
	matches "${lines[1]}" '0 +0 +65536'
}

@test "runtime: features is JSON" {
	same "$(rt features | jq -r '.linux.namespaces | index("cgroup") != null')" true
}
