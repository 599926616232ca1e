#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clients: both
# The rows of Config and HostConfig that a kernel mechanism stands behind, seen from inside the container.
load lib

status_of() { awk -v k="$1:" '$1 == k { print $2 }'; }

@test "namespaces: each container has its own" {
	for ns in pid net mnt uts ipc; do
		run -0 once -- readlink "/proc/self/ns/$ns"
		[ "$output" != "$(readlink "/proc/self/ns/$ns")" ] || { echo "$ns is the host's"; false; }
	done
}

@test "hostname and domain name" {
	run -0 once --hostname web --domainname example.org -- sh -c 'hostname; cat /proc/sys/kernel/domainname; cat /etc/hostname; grep web /etc/hosts'
	same "${lines[0]}" web
	same "${lines[1]}" example.org
	same "${lines[2]}" web
	contains "$output" web.example.org
	client run --name dh $IMAGE hostname >"$D/out"
	same "$(cat "$D/out")" "$(inspect dh '.Id[0:12]')"
}

@test "network none and host, and joining another container's" {
	run -0 once --network none -- sh -c 'ls /sys/class/net | grep -v lo | wc -l'
	same "$output" 0
	run -0 once --network host -- readlink /proc/self/ns/net
	[ -n "${HULL_ORACLE-}" ] || same "$output" "$(readlink "/proc/$(daemon_pid)/ns/net")"
	client run -d --name net --network none $IMAGE sleep 60 >/dev/null
	run -0 once --network container:net -- readlink /proc/self/ns/net
	same "$output" "$(client exec net readlink /proc/self/ns/net)"
	run client run --rm --network container:nosuch $IMAGE true
	same "$status" 125
	contains "$output" "No such container: nosuch"
}

@test "loopback works in an isolated network" {
	run -0 once --network none -- sh -c 'cat /sys/class/net/lo/operstate; ping -c 1 -W 1 127.0.0.1 >/dev/null && echo pong'
	contains "$output" pong
}

@test "pid, ipc and uts namespaces of the host or another container" {
	[ -n "${HULL_ORACLE-}" ] || same "$(once --pid host -- readlink /proc/self/ns/pid)" "$(readlink "/proc/$(daemon_pid)/ns/pid")"
	[ -n "${HULL_ORACLE-}" ] || same "$(once --uts host -- readlink /proc/self/ns/uts)" "$(readlink "/proc/$(daemon_pid)/ns/uts")"
	[ -n "${HULL_ORACLE-}" ] || same "$(once --ipc host -- readlink /proc/self/ns/ipc)" "$(readlink "/proc/$(daemon_pid)/ns/ipc")"
	client run -d --name sh --ipc shareable $IMAGE sleep 60 >/dev/null
	same "$(once --ipc container:sh -- readlink /proc/self/ns/ipc)" "$(client exec sh readlink /proc/self/ns/ipc)"
	same "$(once --pid container:sh -- readlink /proc/self/ns/pid)" "$(client exec sh readlink /proc/self/ns/pid)"
	client exec sh sh -c 'echo shared >/dev/shm/f'
	same "$(once --ipc container:sh -- cat /dev/shm/f)" shared
	client run -d --name pr $IMAGE sleep 60 >/dev/null
	run client run --rm --ipc container:pr $IMAGE true
	[ "$status" -gt 0 ]
}

@test "bind mounts: read-write, read-only, files, missing sources are made" {
	[ -z "${HULL_ORACLE-}" ] || skip "another engine does not see our directories"
	mkdir "$D/dir"
	echo host >"$D/dir/f"
	same "$(once -v "$D/dir:/m" -- sh -c 'cat /m/f; echo box >/m/g')" host
	same "$(cat "$D/dir/g")" box
	run -1 once -v "$D/dir:/m:ro" -- sh -c 'echo x >/m/h'
	contains "$output" "Read-only file system"
	[ ! -e "$D/dir/h" ]
	same "$(once -v "$D/dir/f:/etc/f" -- cat /etc/f)" host
	once -v "$D/new/deep:/m" -- touch /m/x
	[ -e "$D/new/deep/x" ]
	run client run --rm --mount "type=bind,src=$D/nosuch,dst=/m" $IMAGE true
	same "$status" 125
	contains "$output" "bind source path does not exist: $D/nosuch"
	same "$(once --mount "type=bind,src=$D/dir,dst=/m,readonly" -- sh -c 'cat /m/f; touch /m/z 2>/dev/null || echo ro')" $'host\nro'
}

@test "mount destinations must be absolute and single" {
	run client run --rm -v "$D:rel" $IMAGE true
	same "$status" 125
	run client run --rm -v "$D:/m" -v "$T:/m" $IMAGE true
	same "$status" 125
	contains "$output" "Duplicate mount point: /m"
	run client run --rm -v "$D:/" $IMAGE true
	same "$status" 125
}

@test "tmpfs mounts, their size and flags" {
	run -0 once --tmpfs /t:size=1m,mode=700 -- sh -c 'grep " /t " /proc/mounts; stat -c %a /t'
	contains "$output" "size=1024k"
	contains "$output" noexec
	contains "$output" nosuid
	contains "$output" nodev
	same "${lines[1]}" 700
	run -0 once --mount type=tmpfs,dst=/t2,tmpfs-size=2097152 -- grep ' /t2 ' /proc/mounts
	contains "$output" "size=2048k"
}

@test "anonymous volumes keep the image's content and go with rm -v" {
	client create --name av -v /data $IMAGE sh -c 'ls -d /data; echo 1 >/data/f' >/dev/null
	client start -a av
	same "$(inspect av '.Mounts[0] | "\(.Type) \(.Destination) \(.RW)"')" "volume /data true"
	local source; source=$(inspect av '.Mounts[0].Source')
	[ -n "${HULL_ORACLE-}" ] || [ -e "$source/f" ]
	client rm -v av
	[ ! -e "$source" ]
}

@test "a read-only root can still write to its mounts" {
	run -0 once --read-only --tmpfs /t -- sh -c 'touch /x 2>/dev/null || echo ro; touch /t/y && echo rw; echo >>/dev/shm/z && echo shm'
	same "$output" $'ro\nrw\nshm'
}

@test "default capabilities are Docker's 14, and can be changed" {
	same "$(once -- grep CapEff /proc/self/status | status_of CapEff)" 00000000a80425fb
	same "$(once --cap-drop ALL -- grep CapEff /proc/self/status | status_of CapEff)" 0000000000000000
	same "$(once --cap-drop all --cap-add chown -- grep CapEff /proc/self/status | status_of CapEff)" 0000000000000001
	same "$(once --cap-add CAP_SYS_ADMIN -- grep CapEff /proc/self/status | status_of CapEff)" 00000000a82425fb
	run client run --rm --cap-add NOSUCH $IMAGE true
	same "$status" 125
	contains "$output" 'invalid CapAdd: unknown capability: "CAP_NOSUCH"'
}

@test "privileged: all capabilities, devices, no filter, no masks" {
	run -0 once --privileged -- sh -c 'grep -E "CapEff|Seccomp:" /proc/self/status; ls /dev/kmsg; grep -c " /proc/kcore " /proc/mounts; grep " /sys " /proc/mounts'
	contains "$output" "$(awk '/CapBnd/ { print $2 }' /proc/self/status)"
	matches "$output" 'Seccomp:[[:space:]]0'
	contains "$output" /dev/kmsg
	matches "${lines[4]}" 'sysfs rw'
}

@test "seccomp: default, unconfined, own profile" {
	same "$(once -- grep Seccomp: /proc/self/status | status_of Seccomp)" 2
	same "$(once --security-opt seccomp=unconfined -- grep Seccomp: /proc/self/status | status_of Seccomp)" 0
	run once -- unshare -U true
	[ "$status" -ne 0 ]
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}' >"$D/p.json"
	run once --security-opt "seccomp=$D/p.json" -- mkdir /x
	contains "$output" "Function not implemented"
	echo '{"defaultAction":' >"$D/bad.json"
	run client run --rm --security-opt "seccomp=$D/bad.json" $IMAGE true
	same "$status" 125
}

@test "no-new-privileges" {
	same "$(once -- grep NoNewPrivs /proc/self/status | status_of NoNewPrivs)" 0
	same "$(once --security-opt no-new-privileges -- grep NoNewPrivs /proc/self/status | status_of NoNewPrivs)" 1
	same "$(once --security-opt no-new-privileges=true -- grep NoNewPrivs /proc/self/status | status_of NoNewPrivs)" 1
}

@test "masked and read-only paths" {
	run -0 once -- sh -c 'cat /proc/timer_list | wc -c; cat /proc/keys 2>/dev/null | wc -c; ls -A /sys/firmware | wc -l; ls -A /proc/scsi 2>/dev/null | wc -l'
	same "$output" $'0\n0\n0\n0'
	run -0 once -- sh -c 'echo 1 >/proc/sys/vm/swappiness || true; echo h >/proc/sysrq-trigger || true'
	contains "$output" "Read-only file system"
	run -0 once --security-opt systempaths=unconfined -- sh -c 'cat /proc/timer_list | wc -c'
	[ "$output" -gt 0 ]
}

@test "devices: the default set, added ones, rules" {
	run -0 once -- sh -c 'for d in null zero full random urandom tty; do [ -c /dev/$d ] && echo $d; done; ls -l /dev/fd /dev/ptmx | sed "s/.*-> //"'
	same "$output" $'null\nzero\nfull\nrandom\nurandom\ntty\n/proc/self/fd\npts/ptmx'
	run -0 once --device /dev/null:/dev/mine:r -- sh -c 'ls -l /dev/mine | cut -c1; cat /dev/mine'
	same "$output" c
	run -0 once -- sh -c 'mknod /tmp/m c 1 1 && head -c 1 /tmp/m 2>&1 || true'
	contains "$output" "Operation not permitted"
	run client run --rm --device /dev/nosuchdevice $IMAGE true
	same "$status" 127
	contains "$output" "/dev/nosuchdevice"
}

@test "ulimits" {
	same "$(once --ulimit nofile=100:200 -- sh -c 'ulimit -Sn; ulimit -Hn')" $'100\n200'
	run client run --rm --ulimit nofile=300:200 $IMAGE true
	same "$status" 125
	contains "$output" "ulimit soft limit must be less than or equal to hard limit: 300 > 200"
	run client run --rm --ulimit nosuch=1 $IMAGE true
	same "$status" 125
}

@test "sysctls of the container's own namespaces" {
	same "$(once --sysctl net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward)" 1
	same "$(once --sysctl kernel.msgmax=4096 -- cat /proc/sys/kernel/msgmax)" 4096
	same "$(once -- cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 0
	run client run --rm --sysctl vm.swappiness=1 $IMAGE true
	same "$status" 125
	contains "$output" "sysctl 'vm.swappiness=1' is not allowed"
	run client run --rm --network host --sysctl net.ipv4.ip_forward=1 $IMAGE true
	same "$status" 125
}

@test "size of /dev/shm" {
	matches "$(once -- df -k /dev/shm | tail -n 1)" ' 65536 '
	matches "$(once --shm-size 2m -- df -k /dev/shm | tail -n 1)" ' 2048 '
	run -1 once --ipc none -- grep ' /dev/shm ' /proc/mounts
}

@test "init reaps orphans and passes signals" {
	run -0 once --init -- sh -c 'cat /proc/1/comm'
	lacks "$output" sh
	client run -d --name ini --init $IMAGE sh -c 'sh -c "sleep 0.1 &"; sleep 60' >/dev/null
	sleep 0.6
	same "$(client exec ini ps -o stat | grep -c Z)" 0
	local begin=$SECONDS
	client stop -t 10 ini
	[ $((SECONDS - begin)) -le 3 ]
}

@test "user forms: names, numbers, groups, added groups" {
	same "$(once -u 1234 -- sh -c 'echo $(id -u) $(id -g)')" "1234 0"
	same "$(once -u 1234:56 -- sh -c 'echo $(id -u) $(id -g)')" "1234 56"
	same "$(once -u nobody -- id -un)" nobody
	same "$(once -u 0:bin -- id -g)" 2
	same "$(once --group-add 77 --group-add daemon -- id -G | tr ' ' '\n' | grep -cx -e 77 -e 1)" 2
	run client run --rm -u nosuch $IMAGE true
	[ "$status" -gt 0 ]
	contains "$output" "unable to find user nosuch: no matching entries in passwd file"
	same "$(once -u 1000 -- grep CapEff /proc/self/status | status_of CapEff)" 0000000000000000
}

@test "HOME comes from passwd, TERM with a terminal, HOSTNAME always" {
	same "$(once -- sh -c 'echo $HOME')" /root
	same "$(once -u 4321 -- sh -c 'echo $HOME')" /
	same "$(once --hostname hh -- sh -c 'echo $HOSTNAME')" hh
	contains "$(once -t -- env | tr -d '\r')" TERM=xterm
}

@test "labels, expose, annotations and stop options come back from inspect" {
	client create --name meta --label a=b --label c --expose 80 --expose 90/udp --stop-timeout 7 --stop-signal INT $IMAGE true >/dev/null
	same "$(inspect meta '.Config.Labels | "\(.a) \(.c)"')" "b "
	same "$(inspect meta '.Config.ExposedPorts | keys | join(" ")')" "80/tcp 90/udp"
	same "$(inspect meta '"\(.Config.StopTimeout) \(.Config.StopSignal)"')" "7 INT"
}

@test "oom score adjustment" {
	same "$(once --oom-score-adj 500 -- cat /proc/self/oom_score_adj)" 500
	run client run --rm --oom-score-adj 5000 $IMAGE true
	same "$status" 125
	contains "$output" "Invalid value 5000, range for oom score adj is [-1000, 1000]"
}

@test "etc files: resolv.conf, hosts, extra hosts, dns" {
	run -0 once --network none --add-host extra:10.1.2.3 -- sh -c 'cat /etc/hosts'
	contains "$output" "127.0.0.1"
	contains "$output" "localhost"
	matches "$output" '10\.1\.2\.3[[:space:]]extra'
	run -0 once --network host --dns 9.9.9.9 --dns-search example.org --dns-option ndots:3 -- cat /etc/resolv.conf
	contains "$output" "nameserver 9.9.9.9"
	contains "$output" "search example.org"
	contains "$output" "options ndots:3"
}

@test "log drivers: none, local, json-file with rotation" {
	client run --name ln --log-driver none $IMAGE echo x >/dev/null
	run -1 client logs ln
	contains "$output" "configured logging driver does not support reading"
	client run --name ll --log-driver local $IMAGE sh -c 'echo a; echo b >&2' >/dev/null 2>&1
	same "$(client logs ll 2>/dev/null)" a
	same "$(client logs ll 2>&1 >/dev/null)" b
	client run --name lr --log-opt max-size=10k --log-opt max-file=3 $IMAGE sh -c 'i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done' >/dev/null
	local path; path=$(inspect lr .LogPath)
	[ -n "${HULL_ORACLE-}" ] || same "$(cd "$(dirname "$path")" && find . -name '*-json.log*' | wc -l)" 3
	contains "$(client logs --tail 1 lr)" "line 1999"
	run client run --rm --log-driver nosuch $IMAGE true
	same "$status" 125
	contains "$output" "nosuch"
	run client run --rm --log-opt nosuch=1 $IMAGE true
	same "$status" 125
	contains "$output" "unknown log opt 'nosuch' for json-file log driver"
}

@test "volumes from another container" {
	[ -z "${HULL_ORACLE-}" ] || skip "another engine does not see our directories"
	mkdir "$D/v"
	client create --name vf -v "$D/v:/v" $IMAGE true >/dev/null
	same "$(once --volumes-from vf -- sh -c 'touch /v/x; echo ok')" ok
	[ -e "$D/v/x" ]
	run -1 once --volumes-from vf:ro -- touch /v/y
}
