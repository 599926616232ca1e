#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Debian's python3-docker drives the daemon: containers, exec, logs, events, images.
load lib

py() { # reads the script from stdin, with a client as `c`
	python3 -c 'import docker' 2>/dev/null || skip "python3-docker is not installed"
	{ printf 'import docker, io, sys, time, threading\nc = docker.DockerClient(base_url="unix://%s", timeout=30)\n' "$SOCK"; cat; } >"$D/s.py"
	python3 "$D/s.py"
}

@test "python: version, info, ping" {
	run -0 py <<'P'
assert c.ping() is True
assert c.version()['ApiVersion'] == '1.51'
assert c.info()['OSType'] == 'linux'
P
}

@test "python: run, output, exit codes, errors" {
	run -0 py <<'P'
assert c.containers.run('busybox', ['echo', 'hi'], remove=True) == b'hi\n'
try: c.containers.run('busybox', ['sh', '-c', 'echo bad >&2; exit 3'], remove=True); sys.exit('no error')
except docker.errors.ContainerError as e: assert e.exit_status == 3 and b'bad' in e.stderr, e
try: c.containers.get('nosuch'); sys.exit('no error')
except docker.errors.NotFound: pass
try: c.images.get('nosuch'); sys.exit('no error')
except docker.errors.ImageNotFound: pass
P
}

@test "python: life of a container" {
	run -0 py <<'P'
x = c.containers.run('busybox', ['sleep', '60'], detach=True, name='py', environment={'A': 'b'}, labels={'k': 'v'}, mem_limit='64m', hostname='h')
assert x.status == 'created' or x.status == 'running'
x.reload(); assert x.status == 'running'
assert x.attrs['HostConfig']['Memory'] == 64 << 20
assert c.containers.list(filters={'label': 'k=v'})[0].id == x.id
x.pause(); x.reload(); assert x.status == 'paused'
x.unpause()
x.rename('py2'); x.reload(); assert x.name == 'py2'
assert 'Titles' in x.top()
x.restart(timeout=0)
x.stop(timeout=0)
assert x.wait()['StatusCode'] == 137
x.start(); x.kill(); x.wait()
x.remove()
assert c.containers.list(all=True) == []
P
}

@test "python: exec, with streams, sockets and exit code" {
	run -0 py <<'P'
x = c.containers.run('busybox', ['sleep', '60'], detach=True)
r = x.exec_run(['sh', '-c', 'echo o; echo e >&2; exit 4'], demux=True)
assert r.exit_code == 4 and r.output == (b'o\n', b'e\n'), r
assert x.exec_run('id -u', user='55').output == b'55\n'
assert b''.join(x.exec_run(['sh', '-c', 'echo 1; sleep 0.2; echo 2'], stream=True).output) == b'1\n2\n'
_, s = x.exec_run('cat', stdin=True, socket=True)
s = getattr(s, '_sock', s)
s.sendall(b'ping\n')
assert s.recv(100).endswith(b'ping\n')
s.close()
assert x.exec_run('tty', tty=True).output.strip() == b'/dev/pts/0'
x.remove(force=True)
P
}

@test "python: logs and attach" {
	run -0 py <<'P'
x = c.containers.run('busybox', ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.2; done'], detach=True)
assert b''.join(x.logs(stream=True, follow=True)) == b'1\n2\n3\n'
assert x.logs(tail=1) == b'3\n'
assert x.logs(stdout=False, stderr=True) == b''
assert x.logs(timestamps=True).split()[0].endswith(b'Z')
x.wait(); x.remove()
y = c.containers.create('busybox', ['sh', '-c', 'read a; echo "a=$a"'], stdin_open=True)
s = y.attach_socket(params={'stdin': 1, 'stdout': 1, 'stream': 1})
y.start()
raw = getattr(s, '_sock', s)
raw.sendall(b'word\n')
got = b''
while b'a=word' not in got:
    d = raw.recv(100); assert d; got += d
y.wait(); y.remove()
P
}

@test "python: events" {
	run -0 py <<'P'
seen, stream = [], c.events(decode=True, filters={'type': 'container'})
def read():
    for e in stream:
        seen.append(e['Action'])
        if e['Action'] == 'destroy': return
t = threading.Thread(target=read); t.start(); time.sleep(0.2)
c.containers.run('busybox', 'true', remove=True)
t.join(10)
assert [a for a in seen if a in ('create', 'start', 'die', 'destroy')] == ['create', 'start', 'die', 'destroy'], seen
stream.close()
P
}

@test "python: images" {
	"$TOOLS/mkimage" "$D/i.tar" py:1 --label from=python
	cp "$D/i.tar" "$T/tmp/i.tar"
	run -0 py <<P
i = c.images.load(open('$D/i.tar', 'rb'))[0]
assert i.tags == ['py:1'] and i.labels['from'] == 'python', i.attrs
assert i.tag('py', '2')
i.reload(); assert sorted(i.tags) == ['py:1', 'py:2']
assert b''.join(i.save()).find(b'manifest.json') > 0
assert i.history()[0]['Tags']
assert c.images.list(filters={'label': 'from=python'})[0].id == i.id
c.images.remove('py:2'); c.images.remove('py:1')
assert c.images.list(name='py') == []
P
}
