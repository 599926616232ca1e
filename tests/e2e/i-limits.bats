#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Resource limits as the kernel sees them, in either cgroup world.
load lib

limit() { # CONTROLLER V1-FILE V2-FILE ID
	local d; d=$(cgroup_dir "$1" "$4") || { echo "no cgroup for $4 in $1"; return 1; }
	if [ -e "$d/$2" ]; then cat "$d/$2"; else cat "$d/$3"; fi
}
v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }
made() { # OPTIONS...: a running container, its id in $id
	id=$(hull run -d "$@" $IMAGE sleep 60)
}

@test "every container is in a cgroup of its own, named after it" {
	made
	cgroup_dir memory "$id"
	cgroup_dir pids "$id"
	grep -q "$id" "/proc/$(inspect "$id" .State.Pid)/cgroup"
}

@test "memory, swap and reservation" {
	made --memory 64m --memory-reservation 32m
	same "$(limit memory memory.limit_in_bytes memory.max "$id")" 67108864
	same "$(limit memory memory.soft_limit_in_bytes memory.low "$id")" 33554432
	same "$(inspect "$id" '.HostConfig | "\(.Memory) \(.MemorySwap)"')" "67108864 134217728"
	run hull run --rm --memory 64m --memory-swap 32m $IMAGE true
	same "$status" 125
	contains "$output" "Minimum memoryswap limit should be larger than memory limit"
}

@test "a container out of memory is killed, and its record says why" {
	run hull run --name oom --memory 16m --memory-swap 16m $IMAGE sh -c 'tail -c 200m /dev/zero'
	same "$status" 137
	same "$(inspect oom '"\(.State.OOMKilled) \(.State.ExitCode)"')" "true 137"
}

@test "processes are limited" {
	made --pids-limit 8
	same "$(limit pids pids.max pids.max "$id")" 8
	run hull run --rm --pids-limit 6 $IMAGE sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
	contains "$output" "can't fork"
}

@test "cpu shares, quota, cpus, cpuset" {
	made --cpu-shares 512
	if v2; then [ "$(limit cpu x cpu.weight "$id")" -lt 100 ]; else same "$(limit cpu cpu.shares x "$id")" 512; fi
	made --cpu-period 50000 --cpu-quota 25000
	if v2; then same "$(limit cpu x cpu.max "$id")" "25000 50000"; else same "$(limit cpu cpu.cfs_quota_us x "$id")" 25000; fi
	made --cpus 0.5
	if v2; then same "$(limit cpu x cpu.max "$id")" "50000 100000"; else same "$(limit cpu cpu.cfs_quota_us x "$id")" 50000; fi
	made --cpuset-cpus 0
	same "$(limit cpuset cpuset.cpus cpuset.cpus "$id")" 0
	run hull run --rm --cpuset-cpus 5000 $IMAGE true
	same "$status" 125
	run hull run --rm --cpus 10000 $IMAGE true
	same "$status" 125
	contains "$output" "range of CPUs is from 0.01 to"
}

@test "block io weight and throttling" {
	local dev; dev=$(lsblk -ndpo NAME,TYPE 2>/dev/null | awk '$2 == "disk" { print $1; exit }')
	[ -b "$dev" ] || skip "no block device here"
	made --device-read-bps "$dev:1mb"
	if v2; then contains "$(limit io x io.max "$id")" rbps=1048576; else contains "$(limit blkio blkio.throttle.read_bps_device x "$id")" 1048576; fi
}

@test "cgroup parent" {
	id=$(hull run -d --cgroup-parent "$HULL_TEST_CGROUP/sub" $IMAGE sleep 60)
	same "$(inspect "$id" .HostConfig.CgroupParent)" "$HULL_TEST_CGROUP/sub"
	cgroup_dir memory "sub/$id"
	run hull run --rm --cgroup-parent "$HULL_TEST_CGROUP/../../escape" $IMAGE true
	same "$status" 125
	hull rm -f "$id"
	find /sys/fs/cgroup -depth -type d -path "*$HULL_TEST_CGROUP/sub" -exec rmdir {} +
}

@test "device rules are enforced by the kernel" {
	grep -qx ' *229 fuse' /proc/misc || skip "no fuse device to test with"
	run hull run --rm $IMAGE sh -c 'mknod /tmp/k c 10 229 && exec 3<>/tmp/k && echo opened'
	contains "$output" "Operation not permitted"
	run -0 hull run --rm --device-cgroup-rule 'c 10:229 rw' $IMAGE sh -c 'mknod /tmp/k c 10 229 && exec 3<>/tmp/k && echo opened'
	contains "$output" opened
}

@test "nothing in the container can change its limits" {
	run hull run --rm --memory 32m $IMAGE sh -c 'for f in $(find /sys/fs/cgroup -name "memory.limit_in_bytes" -o -name memory.max | head -n 1); do echo 999999999 >$f; done'
	contains "$output" "Read-only file system"
}

@test "restricted by ulimits of the daemon and its default overrides" {
	hull run -d --name ul --ulimit core=0 $IMAGE sleep 60 >/dev/null
	same "$(inspect ul '.HostConfig.Ulimits[0] | "\(.Name) \(.Soft) \(.Hard)"')" "core 0 0"
	same "$(awk '/Max core/ { print $5 $6 }' "/proc/$(inspect ul .State.Pid)/limits")" 00
}
