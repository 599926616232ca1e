#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measurements of tests/bench/run. Medians; one line per subject, one column per engine, and Hull's ratio to Docker."""
import json, os, shutil, signal, statistics, subprocess, sys, tempfile, threading, time, http.client, socket

TOP = os.environ['BENCH_TOP']
BIN = os.path.join(TOP, 'build/bin')
WORK = os.path.join(TOP, 'build/bench')
DOCKER = os.environ.get('BENCH_DOCKER', '')
DOCKER_CLI = os.environ.get('BENCH_DOCKER_CLI', 'docker')
REPEAT = int(os.environ.get('BENCH_REPEAT', '20'))
rows, notes = [], []


def quiet(argv, **kw):
    r = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kw)
    if r.returncode:
        raise RuntimeError('%s: %s' % (' '.join(argv), r.stderr.decode(errors='replace').strip()[-300:]))


def ms(argv, **kw):
    t = time.perf_counter()
    quiet(argv, **kw)
    return (time.perf_counter() - t) * 1000


def latency(argv, n=REPEAT):
    for _ in range(3):
        ms(argv())
    return statistics.median(ms(argv()) for _ in range(n))


def parallel(argv, n, rounds=3):
    """Milliseconds until n of them, started at once, have ended."""
    out = []
    for _ in range(rounds):
        t = time.perf_counter()
        ps = [subprocess.Popen(argv(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(n)]
        codes = [p.wait() for p in ps]
        out.append((time.perf_counter() - t) * 1000)
        if any(codes):
            raise RuntimeError('%d of %d failed' % (sum(1 for c in codes if c), n))
    return statistics.median(out)


def pss_kb(match):
    total = 0
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            exe = os.readlink('/proc/%s/exe' % pid)
            comm = open('/proc/%s/comm' % pid).read().strip()
            if match(exe, comm):
                total += int(next(l for l in open('/proc/%s/smaps_rollup' % pid) if l.startswith('Pss:')).split()[1])
        except (OSError, StopIteration):
            pass
    return total


class Engine:
    def __init__(self, name, cli, host, match):
        self.name, self.cli, self.host, self.match = name, cli, host, match
        self.seq = 0

    def cmd(self, *args):
        return [self.cli, '-H', self.host] + list(args)

    def request(self, method, path, body=None):
        c = http.client.HTTPConnection('d')
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect(self.host[len('unix://'):])
        c.request(method, path, json.dumps(body) if body is not None else None, {'Content-Type': 'application/json'} if body is not None else {})
        r = c.getresponse()
        data = r.read()
        c.close()
        if r.status >= 400:
            raise RuntimeError('%s %s: %d %s' % (method, path, r.status, data[:200]))
        return json.loads(data) if data.strip() else None


def start_hulld():
    # a supervisor runs from a mount of its own that nobody else has: its exe reads "/"
    data, run = os.path.join(WORK, 'data'), os.path.join(WORK, 'run')
    os.makedirs(run, exist_ok=True)
    open(os.path.join(run, 'daemon.json'), 'w').write('{}')
    sock = os.path.join(tempfile.gettempdir(), 'hull-bench.%d.sock' % os.getpid())
    t = time.perf_counter()
    p = subprocess.Popen([BIN + '/hulld', '-H', 'unix://' + sock, '--data-root', data, '--exec-root', run + '/exec', '--pidfile', run + '/pid',
                          '--config-file', run + '/daemon.json', '--cgroup-parent', '/hull-bench'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=open(os.path.join(run, 'log'), 'w'))
    while True:
        try:
            s = socket.socket(socket.AF_UNIX)
            s.connect(sock)
            s.sendall(b'GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n')
            if s.recv(100):
                break
        except OSError:
            if p.poll() is not None:
                sys.exit('bench: hulld ended: ' + open(os.path.join(run, 'log')).read()[-500:])
            time.sleep(0.001)
    return p, Engine('hull', BIN + '/hull', 'unix://' + sock, lambda exe, comm: comm in ('hulld', 'hull-runtime') and (exe == '/' or exe.startswith(BIN + '/'))), (time.perf_counter() - t) * 1000


def row(subject, unit, values):
    rows.append((subject, unit, values))


def guarded(what, f):
    try:
        return f()
    except Exception as e:
        notes.append('%s: %s' % (what, str(e)[:200]))
        return None


def bundles():
    """An OCI bundle for the bare runtimes."""
    b = os.path.join(WORK, 'bundle')
    shutil.rmtree(b, ignore_errors=True)
    os.makedirs(b + '/rootfs')
    subprocess.run(['tar', '-xf', WORK + '/busybox.tar', '-C', b], check=True)
    for l in json.load(open(b + '/manifest.json'))[0]['Layers']:
        subprocess.run(['tar', '-xf', os.path.join(b, l), '-C', b + '/rootfs'], check=True)
    subprocess.run([BIN + '/hull-runtime', 'spec', '--bundle', b], check=True)
    c = json.load(open(b + '/config.json'))
    c['ociVersion'] = '1.0.2'  # what Debian's crun knows
    c['process']['terminal'] = False
    c['process']['args'] = ['true']
    json.dump(c, open(b + '/config.json', 'w'))
    return b


def runtimes():
    out = [('hull-runtime', BIN + '/hull-runtime')]
    for n in ('crun', 'runc'):
        path = shutil.which(n)
        if path:
            out.append((n, path))
        else:
            notes.append('%s is not installed' % n)
    return out


def main():
    # crun refuses a hybrid host whose v2 tree still has a controller; in this namespace it can be taken out
    if os.path.isdir('/sys/fs/cgroup/unified') and 'hugetlb' in open('/sys/fs/cgroup/unified/cgroup.controllers').read():
        os.makedirs('/sys/fs/cgroup/hugetlb', exist_ok=True)
        subprocess.run(['mount', '-t', 'cgroup', '-o', 'hugetlb', 'hugetlb', '/sys/fs/cgroup/hugetlb'], stderr=subprocess.DEVNULL)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'])
    shutil.rmtree(os.path.join(WORK, 'data'), ignore_errors=True)
    hulld, hull, _ = start_hulld()
    engines = [hull]
    try:
        quiet(hull.cmd('load', '-q', '-i', WORK + '/busybox.tar'))
        if DOCKER and shutil.which(DOCKER_CLI):
            docker = Engine('docker', shutil.which(DOCKER_CLI), DOCKER, lambda exe, comm: comm in ('dockerd', 'containerd') or comm.startswith('containerd-sh'))
            if guarded('docker', lambda: docker.request('GET', '/images/busybox/json')):
                engines.append(docker)
        else:
            notes.append('no dockerd beside: set BENCH_DOCKER to the socket of one, with busybox in it')

        time.sleep(2)
        row('idle daemon, proportional memory', 'kB', {e.name: pss_kb(e.match) for e in engines})
        for net in ('none', 'bridge'):
            row('run --rm (network %s), 1 at a time' % net, 'ms', {e.name: guarded(e.name, lambda: latency(lambda: e.cmd('run', '--rm', '--network', net, 'busybox', 'true'))) for e in engines})
        for n in (8, 32):
            row('run --rm (network none), %d at once' % n, 'ms', {e.name: guarded(e.name, lambda: parallel(lambda: e.cmd('run', '--rm', '--network', 'none', 'busybox', 'true'), n)) for e in engines})
        for e in engines:
            quiet(e.cmd('run', '-d', '--name', 'bench-x', '--network', 'none', 'busybox', 'sleep', '600'))
        row('exec in a running container', 'ms', {e.name: guarded(e.name, lambda: latency(lambda: e.cmd('exec', 'bench-x', 'true'))) for e in engines})
        for e in engines:
            quiet(e.cmd('rm', '-f', 'bench-x'))

        values = {}
        for e in engines:
            def per_container():
                before = pss_kb(e.match)
                ids = []
                for _ in range(30):
                    c = e.request('POST', '/containers/create', {'Image': 'busybox', 'Cmd': ['sleep', '600'], 'HostConfig': {'NetworkMode': 'none'}})
                    e.request('POST', '/containers/%s/start' % c['Id'])
                    ids.append(c['Id'])
                time.sleep(2)
                after = pss_kb(e.match)
                for i in ids:
                    e.request('DELETE', '/containers/%s?force=1' % i)
                return (after - before) / 30
            values[e.name] = guarded(e.name, per_container)
        row('added memory per running container', 'kB', values)

        values = {}
        bundle = bundles()
        for name, path in runtimes():
            seq = iter(range(10 ** 6))
            values[name] = guarded(name, lambda: latency(lambda: [path, '--root', WORK + '/rt-' + name, 'run', '--bundle', bundle, 'b%d' % next(seq)]))
        row('bare runtime: run of the same bundle', 'ms', values)

        def load(e, path, connections):
            out = subprocess.run([WORK + '/httpload', e.host[len('unix://'):], path, str(connections), '2'], capture_output=True, text=True, check=True).stdout.split()
            return out
        for connections in (1, 8):
            row('GET /_ping, %d connections' % connections, 'req/s', {e.name: guarded(e.name, lambda: float(load(e, '/_ping', connections)[0])) for e in engines})
        for e in engines:
            for n in range(1000):
                e.request('POST', '/containers/create?name=bench-%d' % n, {'Image': 'busybox', 'Cmd': ['true'], 'HostConfig': {'NetworkMode': 'none'}})
        row('GET /containers/json with 1,000', 'req/s', {e.name: guarded(e.name, lambda: float(load(e, '/containers/json?all=1', 1)[0])) for e in engines})
        row('the same, p99 of the latency', 'ms', {e.name: guarded(e.name, lambda: float(load(e, '/containers/json?all=1', 1)[2]) / 1000) for e in engines})
        hulld.send_signal(signal.SIGTERM)
        hulld.wait()
        hulld, hull2, started = start_hulld()
        hull.host = hull2.host
        row('daemon start with 1,000 stopped containers', 'ms', {'hull': started})
        for e in engines[1:]:
            for n in range(1000):
                guarded(e.name, lambda: e.request('DELETE', '/containers/bench-%d' % n))
        row('hull --version', 'ms', {'hull': latency(lambda: [BIN + '/hull', '--version'], 100)})
        row('installed size of all programs', 'kB', {'hull': sum(os.path.getsize(os.path.join(BIN, f)) for f in os.listdir(BIN)) / 1024})
    finally:
        hulld.terminate()
        hulld.wait()
        shutil.rmtree(os.path.join(WORK, 'data'), ignore_errors=True)

    names = []
    for _, _, v in rows:
        names += [n for n in v if n not in names]
    print('\n%-44s %6s' % ('', '') + ''.join('%14s' % n for n in names) + '   docker/hull')
    for subject, unit, v in rows:
        ratio = ''
        if v.get('hull') and v.get('docker'):
            ratio = '%11.1f x' % (v['hull'] / v['docker'] if unit == 'req/s' else v['docker'] / v['hull'])
        print('%-44s %6s' % (subject, unit) + ''.join('%14s' % ('-' if v.get(n) is None else '%.1f' % v[n]) for n in names) + '  ' + ratio)
    for n in notes:
        print('note: ' + n)


main()
