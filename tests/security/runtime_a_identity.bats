#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# hull-runtime alone: how a process enters a container. Rows A1-A10 of the table of known failures.
load runtime

hunted() { # waits for the end of the hunt, which must have seen something
	local _
	for _ in $(seq 150); do ! grep -q ^done "$B/out" || return 0; sleep 0.1; done
	echo "the hunt does not end"
	return 1
}

@test "A1 the runtime's program cannot be written from a container, not even by #!/proc/self/exe" {
	config 'caps("SYS_PTRACE", "DAC_OVERRIDE"); p["noNewPrivileges"] = False' /bin/probe hunt 12
	printf '#!/proc/self/exe\n' >"$B/rootfs/bin/evil"
	chmod 755 "$B/rootfs/bin/evil"
	local before; before=$(sha256sum "$BIN/hull-runtime")
	up
	local n
	for n in $(seq 30); do
		timeout 20 "$BIN/hull-runtime" --root "$R/state" exec "t$BATS_TEST_NUMBER" /bin/evil </dev/null >/dev/null 2>&1 || true
		timeout 20 "$BIN/hull-runtime" --root "$R/state" exec "t$BATS_TEST_NUMBER" /bin/true </dev/null || break
	done
	hunted
	lacks "$(cat "$B/out")" WRITABLE
	same "$(sha256sum "$BIN/hull-runtime")" "$before"
}

@test "A2 a process that enters shows no directory of the host, even to a tracer" {
	config 'caps("SYS_PTRACE", "DAC_READ_SEARCH")' /bin/probe hunt 10
	up
	local n
	for n in $(seq 60); do
		timeout 20 "$BIN/hull-runtime" --root "$R/state" exec "t$BATS_TEST_NUMBER" /bin/true </dev/null || break
	done
	hunted
	lacks "$(cat "$B/out")" DIRECTORY
}

@test "A3 no working directory leads out through a leaked descriptor" {
	local n
	exec 20</ 21<"$R/canary" 22<"$B"
	for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 21 22; do
		config "p['cwd'] = '/proc/self/fd/$n'" /bin/probe state
		go
		[ "$status" -ne 0 ] || lacks "$(field .cwd)" unreachable
	done
	config '' /bin/probe state
	go
	same "$status" 0
	same "$(field '.fds | keys | join(" ")')" "0 1 2"
	same "$(field .cwd)" /
	config '' /bin/sleep 30
	up
	for n in 3 4 5 6 7 8 9 10 20 21 22; do
		ex --cwd "/proc/self/fd/$n" "t$BATS_TEST_NUMBER" /bin/probe state
		[ "$status" -ne 0 ] || { lacks "$(field .cwd)" unreachable; lacks "$output" "$R/canary"; }
	done
	ex "t$BATS_TEST_NUMBER" /bin/probe state
	same "$(field '.fds | keys | join(" ")')" "0 1 2"
	exec 20<&- 21<&- 22<&-
}

@test "A3 a link as working directory stays inside" {
	ln -s "$R/canary/dir" "$B/rootfs/link"
	config 'p["cwd"] = "/link"' /bin/probe state
	go
	[ "$status" -ne 0 ] || has "$(field .cwd)" /
	[ ! -e "$B/rootfs$R/canary/dir/x" ]
}

@test "A4 A5 users are numbers or names of the container, never both" {
	printf '1000:x:0:0::/:\n4294967296:x:0:0::/:\nbob:x:1000:1000::/home/bob:\n' >"$B/rootfs/etc/passwd"
	local u
	for u in 1000 1:0 007 4294967294 0:0 bob; do
		config "p['user'] = {'uid': 0, 'gid': 0, 'username': '$u'}" /bin/probe state
		go
		same "$status" 0
		case $u in
		1000 | bob) same "$(field .uid)" 1000 ;;
		1:0) same "$(field .uid)" 1 ;;
		007) same "$(field .uid)" 7 ;;
		4294967294) same "$(field .uid)" 4294967294 ;;
		0:0) same "$(field .uid)" 0 ;;
		esac
	done
	for u in 4294967295 4294967296 -1 1x ' 1' nobody 1:-1 1:2:3 bob:nosuch; do
		config "p['user'] = {'uid': 0, 'gid': 0, 'username': '$u'}" /bin/probe state
		go
		[ "$status" -ne 0 ] || { echo "\"$u\" was taken as $(field .uid)"; false; }
	done
	for u in 4294967295 4294967296 -1 '"0"' 1.5; do
		config "p['user'] = {'uid': $u, 'gid': 0}" /bin/probe state
		go
		[ "$status" -ne 0 ]
	done
}

@test "A6 A7 inheritable and ambient sets are empty, a user has no capabilities" {
	config 'caps("CHOWN", "KILL", "NET_RAW")' /bin/probe state
	go
	same "$(field '.CapInh + " " + .CapAmb')" "0000000000000000 0000000000000000"
	same "$(field '.CapBnd + " " + .CapPrm + " " + .CapEff')" "0000000000002021 0000000000002021 0000000000002021"
	config 'caps("CHOWN", "KILL", "NET_RAW"); p["user"] = {"uid": 1000, "gid": 1000}' /bin/probe state
	go
	same "$(field '.CapPrm + " " + .CapEff + " " + .CapInh + " " + .CapAmb')" \
		"0000000000000000 0000000000000000 0000000000000000 0000000000000000"
	config 'caps("NO_SUCH_CAP")' /bin/true
	go
	[ "$status" -ne 0 ]
	has "$output" "CAP_NO_SUCH_CAP"
	config 'caps("CHOWN")' /bin/sleep 30
	up
	ex --user 1000 "t$BATS_TEST_NUMBER" /bin/probe state
	same "$(field '.CapPrm + " " + .CapInh')" "0000000000000000 0000000000000000"
	ex "t$BATS_TEST_NUMBER" /bin/probe state
	same "$(field '.CapPrm + " " + .CapInh')" "0000000000000001 0000000000000000"
}

@test "A8 groups are the container's, never the caller's" {
	config 'p["user"] = {"uid": 1000, "gid": 1000}' /bin/probe state
	run setpriv --groups 4,27 "$BIN/hull-runtime" --root "$R/state" run --bundle "$B" "t$BATS_TEST_NUMBER"
	same "$status" 0
	same "$(field .Groups)" ""
	config 'p["user"] = {"uid": 0, "gid": 0, "username": "bob", "additionalGroupNames": ["55"]}' /bin/probe state
	go
	same "$(field .Groups | tr ' ' '\n' | sort -n | xargs)" "10 55 1000"
	config 'p["user"] = {"uid": 5, "gid": 6, "additionalGids": [7]}' /bin/probe state
	go
	same "$(field .Groups)" 7
}

@test "A9 huge passwd and group files are refused at once" {
	truncate -s 2G "$B/rootfs/etc/group"
	config 'p["user"] = {"uid": 0, "gid": 0, "username": "bob"}' /bin/true
	local begin=$EPOCHREALTIME
	go
	[ "$status" -ne 0 ]
	has "$output" "more than"
	[ $((${EPOCHREALTIME/./} - ${begin/./})) -lt 2000000 ]
}

@test "A10 passwd as a link out, a FIFO or a device is neither followed nor waited for" {
	local what
	for what in "ln -s $R/canary/file" "mkfifo" "ln -s /dev/zero" "mknod -m 644"; do
		rm -f "$B/rootfs/etc/passwd"
		if [ "$what" = "mknod -m 644" ]; then
			mknod -m 644 "$B/rootfs/etc/passwd" c 1 5
		else
			$what "$B/rootfs/etc/passwd"
		fi
		config 'p["user"] = {"uid": 0, "gid": 0, "username": "bob"}' /bin/true
		go
		[ "$status" -ne 0 ]
		lacks "$output" secret-7c21
	done
}

@test "D11 no_new_privs and a filter are in force, also in exec" {
	config 'l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chroot", "unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}' /bin/sleep 30
	up
	ex "t$BATS_TEST_NUMBER" /bin/probe state
	same "$(field '.NoNewPrivs + .Seccomp')" 12
	ex "t$BATS_TEST_NUMBER" /bin/probe calls
	same "$(field '.chroot + " " + .["unshare-user"]')" "EBADFD EBADFD"
	rt delete --force "t$BATS_TEST_NUMBER"
	config 'p["noNewPrivileges"] = False; caps("SYS_CHROOT"); l["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chroot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}' /bin/sleep 30
	up
	ex "t$BATS_TEST_NUMBER" /bin/probe state
	same "$(field '.NoNewPrivs + .Seccomp + .CapEff')" 020000000000040000
	ex "t$BATS_TEST_NUMBER" /bin/probe calls
	same "$(field .chroot)" EBADFD
}

@test "labels that this host cannot put in force are refused" {
	config 'p["apparmorProfile"] = "docker-default"' /bin/true
	go
	[ "$status" -ne 0 ]
	has "$output" AppArmor
	config 'p["selinuxLabel"] = "system_u:system_r:x"' /bin/true
	go
	[ "$status" -ne 0 ]
	has "$output" SELinux
}
