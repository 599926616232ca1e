#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# hull-runtime alone: the root and its mounts. Rows B1-B13, B17, B18, B22 of the table of known failures.
load runtime

@test "B1 mount targets that are links stay inside the root or are refused" {
	local t
	mkdir "$B/src"
	echo inside >"$B/src/f"
	for t in etc data run/x; do
		rm -rf "${B:?}/rootfs/$t"
		mkdir -p "$(dirname "$B/rootfs/$t")"
		ln -s "$R/canary/dir" "$B/rootfs/$t"
		config "bind(B + '/src', '/$t/new')" /bin/cat "/$t/new/f"
		go
		[ "$status" -ne 0 ] || has "$output" inside
	done
	rm -f "$B/rootfs/data"
	ln -s "../../../../../../../../../..$R/canary" "$B/rootfs/data"
	config "bind(B + '/src', '/data')" /bin/cat /data/f
	go
	[ "$status" -ne 0 ] || has "$output" inside
	ln -sfn loop "$B/rootfs/loop"
	config "bind(B + '/src', '/loop/x')" /bin/true
	go
	[ "$status" -ne 0 ]
}

@test "B2 nothing is mounted over procfs" {
	local t
	echo fake >"$B/f"
	for t in /proc/self/attr/exec /proc/self /proc/sys /proc/1 /proc/cmdline /tmp/../proc/version; do
		config "bind('$B/f' if '$t'.count('/') > 2 else B, '$t')" /bin/true
		go
		[ "$status" -ne 0 ] || { echo "mounted over $t"; false; }
	done
	ln -s /proc/cmdline "$B/rootfs/alias"
	config "bind('$B/f', '/alias')" /bin/true
	go
	[ "$status" -ne 0 ]
	config "drop('/proc'); bind(B, '/proc')" /bin/true
	go
	[ "$status" -ne 0 ]
	config "bind('$B/f', '/proc/meminfo')" /bin/cat /proc/meminfo
	go
	same "$output" fake
}

@test "B3 B6 masks are ours, whatever /dev/null of the image is" {
	mkdir -p "$B/rootfs/dev"
	local what
	for what in "ln -s /proc/kcore" touch "mknod -m 666"; do
		rm -f "$B/rootfs/dev/null"
		case $what in mknod*) mknod -m 666 "$B/rootfs/dev/null" c 1 5 ;; *) $what "$B/rootfs/dev/null" ;; esac
		config "" /bin/sh -c 'cat /proc/keys /proc/timer_list; ls -A /sys/firmware; for p in /proc/keys /proc/sysrq-trigger /proc/sys/kernel/core_pattern; do /bin/probe open w $p; done'
		go
		same "$status" 0
		has "$output" EROFS
		lacks "$output" ok
	done
	# without a /dev of ours in the spec, another device of that name stops the start
	rm -f "$B/rootfs/dev/null"
	ln -s "$R/canary/null" "$B/rootfs/dev/null"
	config "drop('/dev', '/dev/pts', '/dev/shm', '/dev/mqueue')" /bin/true
	go
	[ "$status" -ne 0 ]
}

@test "B4 B5 a target that is exchanged all the time never leads out" {
	mkdir -p "$B/vol/a" "$B/src"
	echo inside >"$B/src/f"
	ln -s "$R/canary" "$B/vol/b"
	"$B/rootfs/bin/probe" flip "$B/vol" a b 100000000 3>&- 4>&- &
	local pid=$! n
	for n in $(seq 60); do
		config "bind(B + '/vol', '/vol'); bind(B + '/src', '/vol/a/x')" /bin/sh -c 'cat /vol/a/file /vol/b/file 2>/dev/null; true'
		go
		lacks "$output" secret-7c21
	done
	kill "$pid"
	wait "$pid" 2>/dev/null || true
}

@test "B7 B10 the console is our own terminal" {
	mkdir -p "$B/rootfs/dev"
	ln -s "$R/canary/new" "$B/rootfs/dev/console"
	config 'p["terminal"] = True' /bin/sh -c '/bin/probe state; ls -l /dev/console'
	run timeout 20 script -qec "$BIN/hull-runtime --root $R/state run --bundle $B t$BATS_TEST_NUMBER" /dev/null </dev/null
	same "$status" 0
	has "$output" '"console":"c136:0"'
	[ ! -e "$R/canary/new" ]
	# nor without a /dev of ours: a link there is not followed
	config 'p["terminal"] = True; drop("/dev", "/dev/shm", "/dev/mqueue")' /bin/true
	run timeout 20 script -qec "$BIN/hull-runtime --root $R/state run --bundle $B t$BATS_TEST_NUMBER" /dev/null </dev/null
	[ ! -e "$R/canary/new" ]
}

@test "B9 /dev as a link is refused and nothing is made behind it" {
	rm -rf "$B/rootfs/dev"
	ln -s "$R/canary" "$B/rootfs/dev"
	config "" /bin/true
	go
	[ "$status" -ne 0 ]
	config "drop('/dev', '/dev/pts', '/dev/shm', '/dev/mqueue')" /bin/true
	go
	[ "$status" -ne 0 ]
	[ -e "$R/canary/ptmx" ]
	rm "$B/rootfs/dev"
	ln -s "../../../../../../../..$R/canary/dir" "$B/rootfs/dev"
	config "" /bin/true
	go
	[ "$status" -ne 0 ]
}

@test "B11 stdio never becomes a file of the image or a volume" {
	mkdir -p "$B/rootfs/dev"
	echo keep >"$B/hostfile"
	chmod 600 "$B/hostfile"
	ln -s /bm "$B/rootfs/dev/null"
	config "bind(B + '/hostfile', '/bm'); p['user'] = {'uid': 1000, 'gid': 1000}" /bin/probe state
	"$BIN/hull-runtime" --root "$R/state" run --bundle "$B" "t$BATS_TEST_NUMBER" <&- >"$B/out" 2>&1
	same "$(jq -r '.fds["0"]' "$B/out")" /dev/null
	same "$(stat -c '%u %a' "$B/hostfile") $(cat "$B/hostfile")" "0 600 keep"
}

@test "B12 B13 a working directory through links or dots is made inside" {
	ln -s "$R/canary" "$B/rootfs/link"
	local d
	for d in /link/made /../../made /a/../../../made; do
		config "p['cwd'] = '$d'" /bin/probe state
		go
		[ "$status" -ne 0 ] || has "$(field .cwd)" /
	done
	[ ! -e "$R/canary/made" ]
	[ ! -e "$R/made" ]
}

@test "B17 D20 cgroup files are read-only, with and without a cgroup namespace" {
	local change
	for change in "" "ns('cgroup')"; do
		config "$change" /bin/sh -c 'for f in $(ls -d /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs 2>/dev/null); do /bin/probe open w $f; done'
		go
		same "$status" 0
		same "$(sort -u <<<"$output")" EROFS
	done
	config "l['cgroupsPath'] = '/a/../../b'" /bin/true
	go
	[ "$status" -ne 0 ]
}

@test "B18 release_agent is out of reach" {
	config "caps('DAC_OVERRIDE', 'CHOWN')" /bin/probe calls
	go
	same "$(field '.["mount-cgroup"] + " " + .["mount-tmpfs"]')" "EPERM EPERM"
	config "caps('DAC_OVERRIDE')" /bin/sh -c 'for f in /sys/fs/cgroup/release_agent /sys/fs/cgroup/*/release_agent; do [ ! -e $f ] || /bin/probe open w $f; done; echo end'
	go
	lacks "$output" ok
	has "$output" end
}

@test "B22 devices outside the list cannot be opened, even when made" {
	config "caps('MKNOD')" /bin/sh -c 'for d in b:8:0 b:253:0 c:10:229 c:1:1; do IFS=:; set -- $d; /bin/busybox mknod /tmp/n$2.$3 $1 $2 $3; /bin/probe open r /tmp/n$2.$3; done; /bin/probe open rw /dev/null; /bin/probe open rw /dev/tty'
	go
	same "$output" "$(printf 'EPERM\nEPERM\nEPERM\nEPERM\nok\nENXIO')"
	config "caps('MKNOD'); l['resources']['devices'].append({'allow': True, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'r'}); l['devices'] = [{'path': '/dev/fuse', 'type': 'c', 'major': 10, 'minor': 229}]" \
		/bin/sh -c '/bin/probe open r /dev/fuse; /bin/probe open rw /dev/fuse'
	go
	same "$output" "$(printf 'ok\nEPERM')"
}

@test "B26 file systems that read images are not mounted" {
	config "c['mounts'].append({'destination': '/x', 'type': 'ext4', 'source': '/dev/vda'})" /bin/true
	go
	[ "$status" -ne 0 ]
	has "$output" 'type "ext4"'
}

@test "D3 sysctls reach the container's own namespace only, and only allowed ones" {
	local before; before=$(sysctl -n net.ipv4.ip_unprivileged_port_start kernel.core_pattern kernel.shmmni)
	config "l['sysctl'] = {'net.ipv4.ip_unprivileged_port_start': '7', 'kernel.shmmni': '99'}" /bin/cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmni
	go
	same "$output" "$(printf '7\n99')"
	local bad
	for bad in "'kernel.core_pattern': 'x'" "'net.ipv4.x/../../../kernel/core_pattern': 'x'" "'net.ipv4.ip_forward': '1+kernel.core_pattern=x'" "'kernel/core_pattern': 'x'"; do
		config "l['sysctl'] = {$bad}" /bin/true
		go
		[ "$status" -ne 0 ]
	done
	config "ns('network'); l['sysctl'] = {'net.ipv4.ip_forward': '1'}" /bin/true
	go
	[ "$status" -ne 0 ]
	same "$(sysctl -n net.ipv4.ip_unprivileged_port_start kernel.core_pattern kernel.shmmni)" "$before"
}

@test "a failed start leaves nothing, and says what failed" {
	config "bind('/no/such/place', '/x')" /bin/true
	go
	[ "$status" -ne 0 ]
	has "$output" '"/no/such/place"'
	config "" /no/such/program
	go
	has "$output" 'exec: "/no/such/program": stat /no/such/program: no such file or directory'
	config "" nosuch
	go
	has "$output" 'exec: "nosuch": executable file not found in $PATH'
	[ -z "$(rt list -q)" ]
}
