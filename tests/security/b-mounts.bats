#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# Root file system and mounts: rows B1-B13, B17-B19, B22 of the table of known failures.
load ../e2e/lib
load canary

# Starts the image in several ways; each may fail, none may reach the canary.
try() {
	local out
	out=$(timeout 15 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" run --rm "$@" 2>&1) || [ $? -ne 124 ] || { echo "hangs: $*"; return 1; }
	no_canary "$out"
	canary_check
}

@test "B1 mount points that are links in the image stay inside" {
	local p
	for p in etc etc/hosts etc/resolv.conf etc/hostname dev dev/shm dev/mqueue proc sys tmp run; do
		evil "b1:1" "l:$p>$CANARY/dir"
		[ "$status" = 0 ] || continue
		try b1:1 /bin/cat "/$p/../f1"
		evil "b1:2" "l:$p>../../../../../../../..$CANARY/new"
		[ "$status" = 0 ] || continue
		try b1:2 /bin/echo up
	done
	[ ! -e "$CANARY/new" ]
}

@test "B1 volume and working directory targets that are links" {
	mkdir "$D/src"
	evil b1:3 "l:link>$CANARY/dir" "l:loop>loop" "l:up>../../../../../../../$CANARY"
	same "$status" 0
	try -v "$D/src:/link/new" b1:3 /bin/ls /link
	try -v "$D/src:/up/f1" b1:3 /bin/echo x
	try -w /link/made b1:3 /bin/echo x
	try -w /up/made b1:3 /bin/echo x
	try --tmpfs /link/t b1:3 /bin/echo x
	run hull run --rm -v "$D/src:/loop/x" b1:3 /bin/echo x
	[ "$status" -ne 0 ]
}

@test "B2 mounts over /proc are refused" {
	echo fake >"$D/f"
	local p
	for p in /proc /proc/self /proc/self/attr/exec /proc/sys; do
		run hull run --rm -v "$D:$p" $IMAGE true
		[ "$status" -ne 0 ] || { echo "mounted over $p"; false; }
	done
}

@test "B3 B4 B5 a racing neighbour cannot move mount points out" {
	mkdir -p "$D/vol/a/x"
	hull run -d --name flip -v "$D/vol:/vol" $IMAGE sh -c "cd /vol; while :; do mv a b; ln -s $CANARY a; rm a; mv b a; done" >/dev/null
	local n out
	for n in $(seq 40); do
		out=$(hull run --rm -v "$D/vol:/m" -v "$D:/m/a/x" $IMAGE sh -c 'ls /m/a /m/a/x; grep -c canary /proc/mounts; stat -f -c %t /proc' 2>&1) || true
		no_canary "$out"
		lacks "$out" setuid
	done
	hull rm -f flip >/dev/null
	canary_check
}

@test "B6 masks hold whatever the image's /dev/null is" {
	local e
	for e in "l:dev/null>$CANARY/f1" 'f:dev/null=x' 'c:dev/null=1:5'; do
		evil b6:1 "$e"
		[ "$status" = 0 ] || continue
		run hull run --rm b6:1 /bin/sh -c 'cat /proc/timer_list /proc/keys 2>/dev/null | wc -c; for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern; do [ -e $f ] || { echo 1; continue; }; (echo x >$f) 2>&1 | grep -c "Read-only"; done; stat -c %t:%T /dev/null'
		same "$output" $'0\n1\n1\n1:3'
	done
}

@test "B7 B9 B10 B11 devices are the engine's own, never through links of the image" {
	evil b7:1 "l:dev>$CANARY"
	[ "$status" != 0 ] || try b7:1 /bin/echo x
	[ -e "$CANARY/ptmx" ]
	evil b7:2 "l:dev/console>$CANARY/new" "l:dev/ptmx>$CANARY/ptmx" "l:dev/pts>$CANARY/dir"
	if [ "$status" = 0 ]; then
		try b7:2 /bin/echo x
		try -t b7:2 /bin/echo x
	fi
	[ ! -e "$CANARY/new" ]
	echo keep >"$D/hostfile"
	chown 12:34 "$D/hostfile"
	evil b7:3 "l:dev/null>/bm"
	[ "$status" != 0 ] || hull run -d --name b11 -v "$D/hostfile:/bm" b7:3 /bin/sleep 1 >/dev/null 2>&1 || true
	same "$(stat -c %u:%g:%s "$D/hostfile")" 12:34:5
}

@test "B12 B13 working directories and volumes with .. or links end inside the root" {
	evil b12:1 --config '{"WorkingDir":"/../../../../tmp/../../x","Volumes":{"/../../v":{},"/a/../../..":{}}}'
	[ "$status" != 0 ] || try b12:1 /bin/echo x
	evil b12:2 --config '{"WorkingDir":"/l/w"}' "l:l>$CANARY"
	[ "$status" != 0 ] || try b12:2 /bin/echo x
	evil b12:3 --config '{"Volumes":{"/l/v":{}}}' "l:l>$CANARY/dir"
	if [ "$status" = 0 ]; then
		try b12:3 /bin/ls /l/v
		hull create --name b13 b12:3 >/dev/null 2>&1 && { hull start b13 >/dev/null 2>&1 || true; } || true
	fi
}

@test "B17 B18 control groups are read-only, release agents out of reach" {
	local how
	for how in private host; do
		run hull run --rm --cgroupns "$how" $IMAGE sh -c 'd=$(ls -d /sys/fs/cgroup/memory /sys/fs/cgroup 2>/dev/null | head -n 1); mkdir $d/x; echo 1 >$d/notify_on_release; echo x >$d/release_agent; echo 1 >$d/cgroup.procs'
		lacks "$output" "x created"
		matches "$output" "Read-only file system"
		same "$(grep -c 'Read-only file system\|nonexistent\|No such file\|Permission denied' <<<"$output")" "$(wc -l <<<"$output")"
	done
	run hull run --rm $IMAGE sh -c 'mkdir /tmp/c; mount -t cgroup -o memory c /tmp/c && echo MOUNTED; unshare -UC true && echo UNSHARED'
	lacks "$output" MOUNTED
	lacks "$output" UNSHARED
	hull run -d --name ex $IMAGE sleep 60 >/dev/null
	run hull exec ex sh -c 'mkdir /tmp/c; mount -t cgroup -o memory c /tmp/c && echo MOUNTED; unshare -UC true && echo UNSHARED'
	lacks "$output" MOUNTED
	lacks "$output" UNSHARED
}

@test "B19 sysctls cannot be smuggled" {
	local before s
	before=$(cat /proc/sys/kernel/core_pattern)
	for s in 'kernel.shm_rmid_forced=1+kernel.core_pattern=x' $'kernel.msgmax=1\nkernel.core_pattern=x' 'kernel/../kernel/core_pattern=x' 'net.ipv4.ip_forward=1;x' 'net/../kernel/core_pattern=|x' 'kernel.core_pattern=x'; do
		run hull run --rm --sysctl "$s" $IMAGE true
		[ "$status" -ne 0 ] || { echo "accepted: $s"; false; }
	done
	same "$(cat /proc/sys/kernel/core_pattern)" "$before"
}

@test "B20 labels of an image change nothing of how it runs" {
	evil lab:1 --config '{"Labels":{"io.podman.annotations.privileged":"TRUE","run.oci.keep_original_groups":"1","io.kubernetes.cri-o.userns-mode":"x","org.systemd.property.TimeoutStopUSec":"1","hull.privileged":"1"}}'
	same "$(hull run --rm lab:1 /bin/sh -c 'grep CapEff /proc/self/status' | awk '{print $2}')" 00000000a80425fb
}

@test "B21 B22 the whole list of masked and read-only paths is in effect, also for exec" {
	hull run -d --name mk $IMAGE sleep 60 >/dev/null
	local probe='for p in /proc/asound /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do [ ! -e $p ] || { [ -z "$(ls -A $p)" ] || echo "visible $p"; }; done
		for p in /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats /proc/sched_debug; do [ ! -e $p ] || { [ -z "$(head -c 1 $p 2>/dev/null)" ] || echo "readable $p"; }; done
		for p in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do [ ! -e $p ] || grep -q " $p proc ro" /proc/mounts || echo "writable $p"; done; echo done'
	same "$(hull run --rm $IMAGE sh -c "$probe")" done
	same "$(hull exec mk sh -c "$probe")" done
	hull restart -t 0 mk >/dev/null
	same "$(hull exec mk sh -c "$probe")" done
}

@test "the default filter denies what containers do not need" {
	run hull run --rm $IMAGE sh -c 'mount -t tmpfs t /tmp && echo MOUNTED; unshare -m true && echo UNSHARED; reboot -f 2>&1; dmesg >/dev/null && echo DMESG; date -s 2000-01-01 >/dev/null 2>&1; [ "$(date +%Y)" -gt 2000 ] || echo DATE; chroot / true && echo ok'
	lacks "$output" MOUNTED
	lacks "$output" UNSHARED
	lacks "$output" DATE
}
