#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Record the *shape* (key tree with types, no values) of a Docker Engine API server's answers, and compare two recordings.

  shape.py --host unix:///var/run/docker.sock --out DIR [--image busybox:latest] [--cli docker] [--only SUBSTRING]
  shape.py --compare GOLDEN DIR [--strict] [--tsv]

Without --own-daemon it only reads, and makes and removes containers named inv-*: fit for a daemon that others use.
With --own-daemon it also makes networks, volumes, tags and builds (all inv-*) and calls the prune and image-delete
routes: give it a daemon of your own.
The image must be present already. --cli also records `docker ... --format json` answers and table headings
(DOCKER_HOST is set for it; a command with spaces is split like a shell would).

Shape language: "string" "int" "float" "bool" "null" "time"; "a|b" for a union; {key: shape} for an object;
{"*": shape} for a map with free keys; [shape] for an array, [] when it was empty; a key ending in "?" was
absent from some elements of the same array. compare: null, [] and {} on the golden side accept anything of a kind
they could stand for; --strict does not.
"""
import argparse, http.client, json, os, re, shlex, socket, struct, subprocess, sys, time, urllib.parse, io, tarfile, base64

TIME = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$')
# keys whose value is a map with free keys
FREE = {'Labels', 'Networks', 'Ports', 'PortBindings', 'ExposedPorts', 'Volumes', 'Options', 'Annotations', 'Sysctls',
        'Tmpfs', 'StorageOpt', 'DriverOpts', 'Runtimes', 'Attributes', 'EndpointsConfig', 'networks', 'IndexConfigs',
        'LogOpts', 'AuxiliaryAddresses', 'annotations', 'labels', 'DriverStatusMap', 'Status_', 'stats'}
# free only below a given parent
FREE_AT = {('Config', 'LogConfig'), ('Containers', 'NETWORK'), ('Data', 'GraphDriver'), ('Details', 'Components')}


def shape(v, key='', parent='', ctx=''):
    if v is None: return 'null'
    if isinstance(v, bool): return 'bool'
    if isinstance(v, int): return 'int'
    if isinstance(v, float): return 'float'
    if isinstance(v, str): return 'time' if TIME.match(v) else 'string'
    if isinstance(v, list):
        out = None
        for x in v: out = merge(out, shape(x, '', key or parent, ctx))
        return [] if out is None else [out]
    free = key in FREE or (key, parent) in FREE_AT or (key, ctx) in FREE_AT
    if free:
        out = None
        for k, x in v.items(): out = merge(out, shape(x, '*', key, ctx))
        return {} if out is None else {'*': out}
    return {k: shape(x, k, key or parent, ctx) for k, x in v.items()}


def merge(a, b):
    if a is None: return b
    if b is None: return a
    if isinstance(a, str) and isinstance(b, str):
        return '|'.join(sorted(set(a.split('|')) | set(b.split('|'))))
    if isinstance(a, list) and isinstance(b, list):
        return a if not b else b if not a else [merge(a[0], b[0])]
    if isinstance(a, dict) and isinstance(b, dict):
        out = {}
        ka = {k.rstrip('?'): k for k in a}; kb = {k.rstrip('?'): k for k in b}
        for k in list(ka) + [k for k in kb if k not in ka]:
            if k in ka and k in kb:
                opt = ka[k].endswith('?') or kb[k].endswith('?')
                out[k + ('?' if opt else '')] = merge(a[ka[k]], b[kb[k]])
            elif k == '*': out[k] = (a if k in ka else b)['*']
            else: out[k + '?'] = a[ka[k]] if k in ka else b[kb[k]]
        return out
    if a == 'null': return nullable(b)
    if b == 'null': return nullable(a)
    return 'mixed'


def nullable(s):
    if isinstance(s, str): return merge(s, 'null')
    return s            # an object or array, sometimes null


class Conn(http.client.HTTPConnection):
    def __init__(self, host, timeout=60):
        self.url = host
        super().__init__('localhost', timeout=timeout)

    def connect(self):
        u = urllib.parse.urlparse(self.url)
        if u.scheme == 'unix':
            self.sock = socket.socket(socket.AF_UNIX); self.sock.settimeout(self.timeout)
            self.sock.connect(u.path)
        else:
            self.sock = socket.create_connection((u.hostname, u.port or 2375), self.timeout)


class Api:
    def __init__(self, host, version): self.host = host; self.prefix = '/v' + version if version else ''

    own = False

    def allowed(self, method, path):
        if self.own or method in ('GET', 'HEAD'): return True
        p = path.split('?')[0]
        return (p == '/containers/create' and 'name=inv-' in path) or p.startswith(('/containers/inv-', '/exec/'))

    def call(self, method, path, body=None, headers=None, raw=False, versioned=True):
        if not self.allowed(method, path): raise PermissionError(method + ' ' + path)
        h = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, bytearray)):
            body = json.dumps(body).encode(); h.setdefault('Content-Type', 'application/json')
        c = Conn(self.host)
        c.request(method, (self.prefix if versioned else '') + path, body, h)
        r = c.getresponse(); data = r.read(); c.close()
        return r.status, {k.lower(): v for k, v in r.getheaders()}, data

    def hijack(self, path, body=None, stdin=b'', upgrade=True, wait=5.0):
        """POST with an upgraded connection; returns the head text and all bytes that follow."""
        c = Conn(self.host, wait); c.connect(); s = c.sock
        b = json.dumps(body).encode() if body is not None else b''
        head = 'POST %s%s HTTP/1.1\r\nHost: localhost\r\n' % (self.prefix, path)
        if upgrade: head += 'Connection: Upgrade\r\nUpgrade: tcp\r\n'
        head += 'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(b)
        s.sendall(head.encode() + b)
        got = b''
        try:
            while b'\r\n\r\n' not in got:
                d = s.recv(65536)
                if not d: break
                got += d
            if stdin:
                s.sendall(stdin)
            s.shutdown(socket.SHUT_WR)
            while True:
                d = s.recv(65536)
                if not d: break
                got += d
        except (socket.timeout, OSError): pass
        s.close()
        h, _, rest = got.partition(b'\r\n\r\n')
        return h.decode('latin1'), rest


def frames(b):
    """stdcopy frames -> 'raw' or a list of stream names."""
    out, i = [], 0
    while i + 8 <= len(b):
        t, z, n = b[i], b[i + 1:i + 4], struct.unpack('>I', b[i + 4:i + 8])[0]
        if t > 3 or z != b'\0\0\0' or i + 8 + n > len(b): return 'raw'
        out.append(('stdin', 'stdout', 'stderr', 'systemerr')[t]); i += 8 + n
    return out if out and i == len(b) else ('raw' if b else 'empty')


def jsonstream(b):
    dec = json.JSONDecoder(); t = b.decode('utf-8', 'replace'); i = 0; out = []
    while i < len(t):
        while i < len(t) and t[i] in ' \r\n\t\x1e': i += 1
        if i >= len(t): break
        v, i = dec.raw_decode(t, i); out.append(v)
    return out


HEADERS = ('content-type', 'api-version', 'ostype', 'docker-experimental', 'builder-version', 'swarm', 'server', 'cache-control',
           'pragma', 'x-docker-container-path-stat', 'transfer-encoding', 'content-length')
VALUE_HEADERS = ('content-type', 'ostype', 'swarm', 'cache-control', 'pragma', 'builder-version', 'docker-experimental', 'transfer-encoding')


class Recorder:
    def __init__(self, api, out, only):
        self.api, self.out, self.only, self.n = api, out, only, 0

    def save(self, name, obj):
        if self.only and self.only not in name: return
        with open(os.path.join(self.out, 'shape-%s.json' % name), 'w') as f:
            json.dump(obj, f, indent=1, sort_keys=False); f.write('\n')
        self.n += 1

    def head(self, h):
        return {k: (h[k] if k in VALUE_HEADERS else 'present') for k in HEADERS if k in h}

    def rec(self, name, method, path, body=None, kind='json', ctx='', headers=None, versioned=True, show=None):
        if self.only and self.only not in name and method in ('GET', 'HEAD'): return None
        try:
            st, h, d = self.api.call(method, path, body, headers, versioned=versioned)
        except PermissionError: return None
        except Exception as e:
            self.save(name, {'request': method + ' ' + (show or path), 'failed': type(e).__name__}); return None
        hd = self.head(h)
        if method != 'HEAD': hd.pop('content-length', None); hd.pop('transfer-encoding', None)
        o = {'request': method + ' ' + (show or path), 'status': st, 'headers': hd}
        val = None
        if d:
            try:
                if kind == 'frames' and st == 200: f = frames(d); o['streams'] = f if isinstance(f, str) else sorted(set(f))
                elif kind == 'tar' and st == 200:
                    o['tar'] = sorted({m.name if len(m.name) < 20 else re.sub('[0-9a-f]{64}', '<id>', m.name) for m in tarfile.open(fileobj=io.BytesIO(d), mode='r:*')})[:40]
                elif kind == 'stream' and st == 200:
                    m = None
                    vals = jsonstream(d)
                    for v in vals: m = merge(m, shape(v, ctx=ctx))
                    o['stream_of'] = m; val = vals
                else:
                    val = json.loads(d); o['body'] = shape(val, ctx=ctx)
            except ValueError:
                o['body'] = 'text:' + (d.decode('latin1').strip() if len(d) < 8 else '…')
        self.save(name, o)
        return val


def tarball(files):
    b = io.BytesIO(); t = tarfile.open(fileobj=b, mode='w')
    for n, c in files.items():
        i = tarfile.TarInfo(n); i.size = len(c); t.addfile(i, io.BytesIO(c))
    t.close(); return b.getvalue()


NAMES = ['inv-plain', 'inv-full', 'inv-tty', 'inv-exited', 'inv-health', 'inv-auto', 'inv-conflict']


def cleanup(api):
    for n in NAMES: api.call('DELETE', '/containers/%s?force=1&v=1' % n)
    if not api.own: return
    for n in ('inv-net', 'inv-net6'): api.call('DELETE', '/networks/' + n)
    for n in ('inv-vol', 'inv-vol2'): api.call('DELETE', '/volumes/%s?force=1' % n)
    for n in ('inv-img:latest', 'inv-img:two', 'inv-commit:latest'): api.call('DELETE', '/images/%s?force=1' % n)


def record(a):
    os.makedirs(a.out, exist_ok=True)
    api = Api(a.host, a.api_version); api.own = a.own_daemon; r = Recorder(api, a.out, a.only); img = a.image
    repo = img.rsplit(':', 1)[0]
    cleanup(api)
    time.sleep(1.2); t0 = int(time.time())

    def must(method, path, body=None):
        if not api.allowed(method, path): return {}
        st, h, d = api.call(method, path, body)
        if st >= 400: print('fixture: %s %s -> %d %s' % (method, path, st, d[:300].decode('utf-8', 'replace')), file=sys.stderr)
        return json.loads(d) if d and d[:1] in b'{[' else {}
    try:
        # ---- fixtures
        r.rec('network-create', 'POST', '/networks/create', {'Name': 'inv-net', 'Driver': 'bridge', 'Labels': {'k': 'v'},
              'IPAM': {'Config': [{'Subnet': '10.213.7.0/24', 'Gateway': '10.213.7.1', 'IPRange': '10.213.7.128/25', 'AuxiliaryAddresses': {'a': '10.213.7.5'}}]},
              'Options': {'com.docker.network.bridge.name': 'inv-br0'}})
        r.rec('volume-create', 'POST', '/volumes/create', {'Name': 'inv-vol', 'Labels': {'k': 'v'}})
        r.rec('container-create-minimal', 'POST', '/containers/create?name=inv-plain', {'Image': img, 'Cmd': ['true']})
        full = {'Image': img, 'Cmd': ['sh', '-c', 'echo out; echo err >&2; sleep 600'], 'Hostname': 'h1', 'Domainname': 'd1', 'User': '0:0', 'Env': ['A=b'],
                'WorkingDir': '/tmp', 'Labels': {'k': 'v'}, 'StopSignal': 'SIGINT', 'StopTimeout': 1, 'ExposedPorts': {'80/tcp': {}, '81/udp': {}}, 'Volumes': {'/anon': {}},
                'HostConfig': {'Memory': 67108864, 'MemoryReservation': 33554432, 'CpuShares': 512, 'CpuPeriod': 100000, 'CpuQuota': 50000, 'CpusetCpus': '0', 'PidsLimit': 100,
                               'RestartPolicy': {'Name': 'on-failure', 'MaximumRetryCount': 2}, 'Ulimits': [{'Name': 'nofile', 'Soft': 1024, 'Hard': 2048}],
                               'CapAdd': ['NET_ADMIN'], 'CapDrop': ['MKNOD'], 'Sysctls': {'net.ipv4.ip_forward': '1'}, 'Tmpfs': {'/t': 'size=1m'}, 'Binds': ['inv-vol:/v:rw', '/tmp:/hosttmp:ro'],
                               'Mounts': [{'Type': 'volume', 'Source': 'inv-vol2', 'Target': '/v2', 'VolumeOptions': {'NoCopy': True, 'Labels': {'x': 'y'}}}, {'Type': 'tmpfs', 'Target': '/t2', 'TmpfsOptions': {'SizeBytes': 65536, 'Mode': 448}}],
                               'PortBindings': {'80/tcp': [{'HostIp': '127.0.0.1', 'HostPort': ''}]}, 'ExtraHosts': ['x:1.2.3.4', 'hg:host-gateway'], 'Dns': ['9.9.9.9'], 'DnsSearch': ['s'], 'DnsOptions': ['ndots:1'],
                               'NetworkMode': 'inv-net', 'ShmSize': 1048576, 'Init': True, 'OomScoreAdj': 100, 'GroupAdd': ['10'], 'SecurityOpt': ['no-new-privileges'], 'Annotations': {'n': 'v'},
                               'LogConfig': {'Type': 'json-file', 'Config': {'max-size': '1m'}}, 'Devices': [{'PathOnHost': '/dev/null', 'PathInContainer': '/dev/xnull', 'CgroupPermissions': 'rwm'}]},
                'NetworkingConfig': {'EndpointsConfig': {'inv-net': {'Aliases': ['al'], 'IPAMConfig': {'IPv4Address': '10.213.7.200'}}}}}
        if not a.own_daemon:
            hc = full['HostConfig']; hc['NetworkMode'] = 'bridge'; hc['Binds'] = ['/tmp:/hosttmp:ro']; hc['Mounts'] = hc['Mounts'][1:]
            hc.pop('PortBindings')
            del full['NetworkingConfig'], full['Volumes']
        r.rec('container-create-full', 'POST', '/containers/create?name=inv-full', full)
        must('POST', '/containers/create?name=inv-tty', {'Image': img, 'Cmd': ['sh'], 'Tty': True, 'OpenStdin': True, 'AttachStdin': True, 'AttachStdout': True, 'AttachStderr': True})
        must('POST', '/containers/create?name=inv-exited', {'Image': img, 'Cmd': ['sh', '-c', 'echo one; echo two >&2; exit 3']})
        must('POST', '/containers/create?name=inv-health', {'Image': img, 'Cmd': ['sleep', '600'], 'Healthcheck': {'Test': ['CMD-SHELL', 'echo ok'], 'Interval': 1000000000, 'Timeout': 2000000000, 'Retries': 1, 'StartPeriod': 1000000000, 'StartInterval': 1000000000}, 'HostConfig': {'NetworkMode': 'none'}})
        r.rec('container-start', 'POST', '/containers/inv-full/start')
        for n in ('inv-tty', 'inv-exited', 'inv-health'): must('POST', '/containers/%s/start' % n)
        r.rec('container-start-again-304', 'POST', '/containers/inv-full/start')
        r.rec('container-wait', 'POST', '/containers/inv-exited/wait')
        must('POST', '/networks/bridge/connect', {'Container': 'inv-full'})
        time.sleep(2.5)
        # ---- system
        r.rec('ping-get', 'GET', '/_ping', versioned=False)
        r.rec('ping-head', 'HEAD', '/_ping', versioned=False)
        r.rec('version', 'GET', '/version')
        r.rec('info', 'GET', '/info')
        r.rec('system-df', 'GET', '/system/df')
        r.rec('system-df-type', 'GET', '/system/df?type=volume')
        # ---- containers
        r.rec('containers-json', 'GET', '/containers/json?all=1')
        r.rec('containers-json-size', 'GET', '/containers/json?all=1&size=1&filters=' + urllib.parse.quote('{"name":["inv-"]}'))
        r.rec('containers-json-badfilter-400', 'GET', '/containers/json?filters=' + urllib.parse.quote('{"nope":["x"]}'))
        for n in ('plain', 'full', 'tty', 'exited', 'health'): r.rec('container-inspect-' + n, 'GET', '/containers/inv-%s/json' % n)
        r.rec('container-inspect-size', 'GET', '/containers/inv-full/json?size=1')
        r.rec('container-inspect-404', 'GET', '/containers/inv-none/json')
        r.rec('container-top', 'GET', '/containers/inv-full/top')
        r.rec('container-top-args', 'GET', '/containers/inv-full/top?ps_args=aux')
        r.rec('container-top-stopped', 'GET', '/containers/inv-exited/top')
        r.rec('container-stats', 'GET', '/containers/inv-full/stats?stream=0')
        r.rec('container-stats-oneshot', 'GET', '/containers/inv-full/stats?stream=0&one-shot=1')
        r.rec('container-stats-stopped', 'GET', '/containers/inv-exited/stats?stream=0')
        api.call('PUT', '/containers/inv-full/archive?path=/tmp', tarball({'f': b'x'}), {'Content-Type': 'application/x-tar'})
        r.rec('container-changes', 'GET', '/containers/inv-full/changes')
        r.rec('container-logs-frames', 'GET', '/containers/inv-exited/logs?stdout=1&stderr=1&timestamps=1', kind='frames')
        r.rec('container-logs-nostream-400', 'GET', '/containers/inv-exited/logs')
        r.rec('container-archive-head', 'HEAD', '/containers/inv-full/archive?path=/etc/passwd')
        r.rec('container-archive-get', 'GET', '/containers/inv-full/archive?path=/etc/passwd', kind='tar')
        r.rec('container-archive-404', 'GET', '/containers/inv-full/archive?path=/nope')
        st, h, d = api.call('HEAD', '/containers/inv-full/archive?path=/etc/passwd')
        if h.get('x-docker-container-path-stat'):
            try: r.save('container-path-stat', {'request': 'HEAD …/archive header X-Docker-Container-Path-Stat (base64 JSON)', 'body': shape(json.loads(base64.b64decode(h['x-docker-container-path-stat'])))})
            except ValueError: pass
        r.rec('container-update', 'POST', '/containers/inv-full/update', {'CpuShares': 256})
        r.rec('container-rename-409', 'POST', '/containers/inv-plain/rename?name=inv-full')
        r.rec('container-create-nocmd-400', 'POST', '/containers/create?name=inv-auto', {'Image': img, 'Cmd': [], 'Entrypoint': []})
        api.call('DELETE', '/containers/inv-auto?force=1')
        r.rec('container-create-409', 'POST', '/containers/create?name=inv-full', {'Image': img, 'Cmd': ['true']})
        r.rec('container-create-noimage-404', 'POST', '/containers/create?name=inv-auto', {'Image': 'inv-nosuch:latest', 'Cmd': ['true']})
        r.rec('container-create-badjson-400', 'POST', '/containers/create?name=inv-auto', b'{', headers={'Content-Type': 'application/json'})
        r.rec('container-create-badtype-400', 'POST', '/containers/create?name=inv-auto', b'{}', headers={'Content-Type': 'text/plain'})
        r.rec('container-delete-running-409', 'DELETE', '/containers/inv-full')
        r.rec('container-kill-stopped-409', 'POST', '/containers/inv-exited/kill')
        r.rec('container-stop-304', 'POST', '/containers/inv-exited/stop')
        r.rec('container-pause', 'POST', '/containers/inv-full/pause')
        r.rec('container-inspect-paused', 'GET', '/containers/inv-full/json')
        r.rec('container-pause-again-409', 'POST', '/containers/inv-full/pause')
        r.rec('container-unpause', 'POST', '/containers/inv-full/unpause')
        r.rec('container-resize', 'POST', '/containers/inv-tty/resize?h=20&w=70')
        r.rec('container-wait-badcondition-400', 'POST', '/containers/inv-exited/wait?condition=x')
        # ---- exec and hijack
        e = r.rec('exec-create', 'POST', '/containers/inv-full/exec', {'Cmd': ['sh', '-c', 'echo o; echo e >&2; cat'], 'AttachStdin': True, 'AttachStdout': True, 'AttachStderr': True}) or {}
        if e.get('Id'):
            r.rec('exec-inspect-created', 'GET', '/exec/%s/json' % e['Id'], show='/exec/{id}/json')
            hd, rest = api.hijack('/exec/%s/start' % e['Id'], {'Detach': False, 'Tty': False}, b'in\n')
            r.save('exec-start-hijack', {'request': 'POST /exec/{id}/start Upgrade: tcp', 'head': [re.sub(r'(Server|Api-Version): .*', r'\1: present', x) for x in hd.split('\r\n')], 'streams': sorted(set(frames(rest)) if isinstance(frames(rest), list) else [frames(rest)])})
            r.rec('exec-inspect-done', 'GET', '/exec/%s/json' % e['Id'], show='/exec/{id}/json')
            r.rec('exec-start-again-409', 'POST', '/exec/%s/start' % e['Id'], {'Detach': True}, show='/exec/{id}/start')
        e = must('POST', '/containers/inv-full/exec', {'Cmd': ['true'], 'AttachStdout': True})
        if e.get('Id'):
            hd, rest = api.hijack('/exec/%s/start' % e['Id'], {'Detach': False, 'Tty': False}, upgrade=False)
            r.save('exec-start-noupgrade', {'request': 'POST /exec/{id}/start without Upgrade', 'head': [re.sub(r'(Server|Api-Version): .*', r'\1: present', x) for x in hd.split('\r\n')]})
        e = must('POST', '/containers/inv-full/exec', {'Cmd': ['true']})
        if e.get('Id'): r.rec('exec-start-detached', 'POST', '/exec/%s/start' % e['Id'], {'Detach': True}, show='/exec/{id}/start')
        r.rec('exec-create-nocmd-400', 'POST', '/containers/inv-full/exec', {'AttachStdout': True})
        r.rec('exec-create-stopped-409', 'POST', '/containers/inv-exited/exec', {'Cmd': ['true']})
        r.rec('exec-inspect-404', 'GET', '/exec/nosuch/json')
        hd, rest = api.hijack('/containers/inv-exited/attach?logs=1&stdout=1&stderr=1')
        r.save('container-attach-logs-hijack', {'request': 'POST /containers/{id}/attach?logs=1&stdout=1&stderr=1 Upgrade: tcp', 'head': hd.split('\r\n'), 'streams': frames(rest) if frames(rest) in ('raw', 'empty') else sorted(set(frames(rest)))})
        hd, rest = api.hijack('/containers/inv-tty/attach?stream=1&stdin=1&stdout=1&stderr=1', stdin=b'echo hi\r', wait=1.5)
        r.save('container-attach-tty-hijack', {'request': 'POST /containers/{id}/attach?stream=1… (tty) Upgrade: tcp', 'head': hd.split('\r\n'), 'streams': frames(rest)})
        # ---- images
        r.rec('images-json', 'GET', '/images/json')
        r.rec('images-json-all', 'GET', '/images/json?all=1&shared-size=1&digests=1')
        r.rec('images-json-manifests', 'GET', '/images/json?manifests=1')
        r.rec('image-inspect', 'GET', '/images/%s/json' % img)
        r.rec('image-inspect-manifests', 'GET', '/images/%s/json?manifests=1' % img)
        r.rec('image-inspect-404', 'GET', '/images/inv-nosuch/json')
        r.rec('image-history', 'GET', '/images/%s/history' % img)
        r.rec('image-get', 'GET', '/images/%s/get' % img, kind='tar')
        r.rec('image-tag', 'POST', '/images/%s/tag?repo=inv-img&tag=two' % img)
        df = tarball({'Dockerfile': ('FROM %s\nARG X=1\nENV A=$X\nLABEL k=v\nRUN echo hi > /f\nEXPOSE 80\nVOLUME /d\nUSER 1\nWORKDIR /w\nHEALTHCHECK CMD true\nENTRYPOINT ["sh"]\nCMD ["-c","true"]\nONBUILD RUN true\n' % img).encode()})
        r.rec('build-v1-stream', 'POST', '/build?t=inv-img:latest&version=1', df, kind='stream', headers={'Content-Type': 'application/x-tar'})
        r.rec('build-error-stream', 'POST', '/build?version=1&forcerm=1', tarball({'Dockerfile': ('FROM %s\nRUN exit 7\n' % img).encode()}), kind='stream', headers={'Content-Type': 'application/x-tar'})
        r.rec('build-nodockerfile', 'POST', '/build?version=1', tarball({'x': b''}), kind='stream', headers={'Content-Type': 'application/x-tar'})
        r.rec('image-inspect-built', 'GET', '/images/inv-img:latest/json')
        r.rec('image-history-built', 'GET', '/images/inv-img:latest/history')
        r.rec('commit', 'POST', '/commit?container=inv-exited&repo=inv-commit&comment=c&author=a', {})
        r.rec('images-search-noterm', 'GET', '/images/search?term=')
        must('POST', '/containers/create?name=inv-conflict', {'Image': 'inv-img:latest'})
        r.rec('image-delete-conflict-409', 'DELETE', '/images/inv-img:latest')
        api.call('DELETE', '/containers/inv-conflict?force=1&v=1')
        r.rec('image-delete', 'DELETE', '/images/inv-img:latest')
        r.rec('image-prune', 'POST', '/images/prune?filters=' + urllib.parse.quote('{"label":["inv-nosuch"]}'))
        r.rec('build-prune', 'POST', '/build/prune?filters=' + urllib.parse.quote('{"id":["inv-nosuch"]}'))
        r.rec('distribution-bad', 'GET', '/distribution/localhost:1/x/json')
        r.rec('image-create-bad', 'POST', '/images/create?fromImage=localhost:1/x&tag=y', kind='stream')
        r.rec('auth-bad', 'POST', '/auth', {'username': 'a', 'password': 'b', 'serveraddress': 'http://localhost:1'})
        # ---- networks, volumes
        r.rec('networks', 'GET', '/networks', ctx='NETWORK')
        r.rec('network-inspect-bridge', 'GET', '/networks/bridge', ctx='NETWORK')
        r.rec('network-inspect-host', 'GET', '/networks/host', ctx='NETWORK')
        r.rec('network-inspect-custom', 'GET', '/networks/inv-net', ctx='NETWORK')
        r.rec('network-inspect-404', 'GET', '/networks/inv-none')
        r.rec('network-create-409', 'POST', '/networks/create', {'Name': 'inv-net'})
        r.rec('network-create-overlap', 'POST', '/networks/create', {'Name': 'inv-net6', 'IPAM': {'Config': [{'Subnet': '10.213.7.0/24'}]}})
        r.rec('network-delete-inuse-403', 'DELETE', '/networks/inv-net')
        r.rec('network-delete-predefined-403', 'DELETE', '/networks/bridge')
        r.rec('network-prune', 'POST', '/networks/prune?filters=' + urllib.parse.quote('{"label":["inv-nosuch"]}'))
        r.rec('volumes', 'GET', '/volumes')
        r.rec('volume-inspect', 'GET', '/volumes/inv-vol')
        r.rec('volume-inspect-404', 'GET', '/volumes/inv-none')
        r.rec('volume-delete-inuse-409', 'DELETE', '/volumes/inv-vol')
        r.rec('volume-prune', 'POST', '/volumes/prune?filters=' + urllib.parse.quote('{"label":["inv-nosuch"]}'))
        r.rec('container-prune', 'POST', '/containers/prune?filters=' + urllib.parse.quote('{"label":["inv-nosuch"]}'))
        # ---- swarm while inactive, plugins, misc
        for p in ('swarm', 'nodes', 'services', 'tasks', 'secrets', 'configs', 'swarm/unlockkey'): r.rec('%s-inactive-503' % p.replace('/', '-'), 'GET', '/' + p)
        r.rec('plugins', 'GET', '/plugins')
        r.rec('notfound-404', 'GET', '/nosuchroute')
        r.rec('method-not-allowed-404', 'DELETE', '/version')
        r.rec('version-too-old-400', 'GET', '/v1.10/version', versioned=False)
        r.rec('version-too-new-400', 'GET', '/v9.99/version', versioned=False)
        # ---- events, and the order of them for one run
        must('POST', '/containers/create?name=inv-auto', {'Image': img, 'Cmd': ['true'], 'HostConfig': {'AutoRemove': True}})
        t1 = time.time(); must('POST', '/containers/inv-auto/start'); time.sleep(2)
        ev = r.rec('events', 'GET', '/events?since=%d&until=%d' % (t0, int(time.time()) + 1), kind='stream', show='/events?since=…&until=…') or []
        seq = [e for e in ev if e.get('Actor', {}).get('Attributes', {}).get('name') == 'inv-auto' or e.get('Type') == 'network' and any(e['Actor']['Attributes'].get('container') == x['Actor']['ID'] for x in ev if x['Actor']['Attributes'].get('name') == 'inv-auto')]
        r.save('events-order-run-rm', {'request': 'create+start of an AutoRemove container that exits at once', 'order': ['%s %s' % (e['Type'], e['Action']) for e in seq], 'attributes': {'%s %s' % (e['Type'], e['Action']): sorted(e['Actor']['Attributes']) for e in seq}})
        per = {}
        for e in ev:
            k = '%s %s' % (e['Type'], re.sub(r'(exec_\w+|health_status): .*', r'\1: …', e['Action']))
            per[k] = sorted(set(per.get(k, [])) | {x for x in e['Actor']['Attributes'] if x != 'k'})
        r.save('events-attributes', {'request': 'attribute keys by type and action', 'attributes': dict(sorted(per.items()))})
        if a.cli: cli(a, r, img, t0)
        if a.own_daemon: swarm(api, r, img)
    finally:
        cleanup(api)
    print('%d shapes in %s' % (r.n, a.out))


def swarm(api, r, img):
    # a one-node cluster, left again at the end
    st, h, d = api.call('GET', '/info')
    if json.loads(d).get('Swarm', {}).get('LocalNodeState') != 'inactive': return
    try:
        r.rec('swarm-init', 'POST', '/swarm/init', {'ListenAddr': '127.0.0.1:2377', 'AdvertiseAddr': '127.0.0.1'})
        r.rec('swarm-init-again-503', 'POST', '/swarm/init', {'ListenAddr': '127.0.0.1:2377', 'AdvertiseAddr': '127.0.0.1'})
        r.rec('ping-swarm', 'GET', '/_ping', versioned=False)
        r.rec('swarm', 'GET', '/swarm'); r.rec('swarm-unlockkey', 'GET', '/swarm/unlockkey')
        n = r.rec('nodes', 'GET', '/nodes')
        if n: r.rec('node-inspect', 'GET', '/nodes/' + n[0]['ID'], show='/nodes/{id}')
        s = r.rec('secret-create', 'POST', '/secrets/create', {'Name': 'inv-sec', 'Data': 'aGk=', 'Labels': {'k': 'v'}}) or {}
        c = r.rec('config-create', 'POST', '/configs/create', {'Name': 'inv-cfg', 'Data': 'aGk=', 'Labels': {'k': 'v'}}) or {}
        r.rec('secrets', 'GET', '/secrets'); r.rec('configs', 'GET', '/configs')
        r.rec('network-create-overlay', 'POST', '/networks/create', {'Name': 'inv-ovl', 'Driver': 'overlay', 'Attachable': True})
        spec = {'Name': 'inv-svc', 'Labels': {'k': 'v'}, 'TaskTemplate': {'ContainerSpec': {'Image': img, 'Command': ['sh', '-c', 'echo hi; sleep 600'], 'Env': ['A=b'],
                'Secrets': [{'SecretID': s.get('ID') or s.get('Id'), 'SecretName': 'inv-sec', 'File': {'Name': 's', 'UID': '0', 'GID': '0', 'Mode': 292}}],
                'Configs': [{'ConfigID': c.get('ID') or c.get('Id'), 'ConfigName': 'inv-cfg', 'File': {'Name': '/c', 'UID': '0', 'GID': '0', 'Mode': 292}}]},
                'Resources': {'Limits': {'MemoryBytes': 67108864, 'NanoCPUs': 500000000}, 'Reservations': {}}, 'RestartPolicy': {'Condition': 'any', 'Delay': 5000000000, 'MaxAttempts': 1},
                'Placement': {'Constraints': ['node.role==manager']}}, 'Mode': {'Replicated': {'Replicas': 1}}, 'UpdateConfig': {'Parallelism': 1, 'Delay': 0, 'FailureAction': 'pause', 'Order': 'stop-first'},
                'EndpointSpec': {'Mode': 'vip', 'Ports': [{'Protocol': 'tcp', 'TargetPort': 80, 'PublishedPort': 18080, 'PublishMode': 'host'}]}}
        v = r.rec('service-create', 'POST', '/services/create', spec) or {}
        r.rec('service-create-409', 'POST', '/services/create', spec)
        r.rec('service-create-bad-400', 'POST', '/services/create', {})
        for i in range(40):
            time.sleep(0.5)
            st, h, d = api.call('GET', '/tasks')
            if st == 200 and any(t['Status']['State'] in ('running', 'failed', 'rejected') for t in json.loads(d)): break
        r.rec('services', 'GET', '/services'); r.rec('services-status', 'GET', '/services?status=1')
        r.rec('service-inspect', 'GET', '/services/inv-svc'); r.rec('service-inspect-defaults', 'GET', '/services/inv-svc?insertDefaults=1'); r.rec('service-404', 'GET', '/services/inv-none')
        t = r.rec('tasks', 'GET', '/tasks') or []
        run = [x for x in t if x['Status']['State'] == 'running']
        if run: r.rec('task-inspect', 'GET', '/tasks/' + run[0]['ID'], show='/tasks/{id}'); r.rec('service-logs-frames', 'GET', '/services/inv-svc/logs?stdout=1&stderr=1', kind='frames')
        r.rec('network-inspect-overlay', 'GET', '/networks/inv-ovl', ctx='NETWORK')
        r.rec('info-swarm', 'GET', '/info')
        spec['Mode']['Replicated']['Replicas'] = 0
        ver = json.loads(api.call('GET', '/services/inv-svc')[2]).get('Version', {}).get('Index', 0)
        r.rec('service-update', 'POST', '/services/inv-svc/update?version=%d' % ver, spec, show='/services/{id}/update?version=N')
        r.rec('service-update-stale', 'POST', '/services/inv-svc/update?version=1', spec)
        r.rec('secret-delete-inuse', 'DELETE', '/secrets/inv-sec')
        r.rec('service-delete', 'DELETE', '/services/inv-svc')
        time.sleep(2)
        api.call('DELETE', '/secrets/inv-sec'); api.call('DELETE', '/configs/inv-cfg'); api.call('DELETE', '/networks/inv-ovl')
        r.rec('swarm-leave-manager-503', 'POST', '/swarm/leave')
    finally:
        r.rec('swarm-leave-force', 'POST', '/swarm/leave?force=1')


def cli(a, r, img, t0):
    base = shlex.split(a.cli); env = dict(os.environ, DOCKER_HOST=a.host, COLUMNS='500')

    def run(*args):
        p = subprocess.run(base + list(args), capture_output=True, text=True, env=env, timeout=60); return p
    js = {'ps': ['ps', '-a', '--no-trunc'], 'images': ['images'], 'network-ls': ['network', 'ls'], 'volume-ls': ['volume', 'ls'], 'history': ['history', img],
          'stats': ['stats', '--no-stream', 'inv-full'], 'system-df': ['system', 'df'], 'version': ['version'], 'info': ['info'], 'context-ls': ['context', 'ls'],
          'events': ['events', '--since', str(t0), '--until', str(int(time.time()))], 'system-df-v': ['system', 'df', '-v'], 'search': None}
    for n, args in js.items():
        if not args: continue
        p = run(*args, '--format', 'json')
        try:
            m = None
            for v in jsonstream(p.stdout.encode()): m = merge(m, shape(v))
            r.save('cli-' + n, {'request': 'docker ' + ' '.join(x for x in args if x != str(t0)) if n != 'events' else 'docker events', 'exit': p.returncode, 'stream_of': m})
        except ValueError: r.save('cli-' + n, {'request': n, 'exit': p.returncode, 'body': 'not json'})
    for n, args in {'ps': ['ps', '-a'], 'ps-size': ['ps', '-a', '-s'], 'images': ['images'], 'images-digests': ['images', '--digests'], 'network-ls': ['network', 'ls'], 'volume-ls': ['volume', 'ls'], 'history': ['history', img], 'top': ['top', 'inv-full'],
                    'system-df': ['system', 'df'], 'stats': ['stats', '--no-stream', 'inv-full'], 'context-ls': ['context', 'ls'], 'plugin-ls': ['plugin', 'ls'], 'port': ['port', 'inv-full'], 'diff': ['diff', 'inv-full']}.items():
        p = run(*args)
        h = p.stdout.split('\n')[0]
        r.save('cli-table-' + n, {'request': 'docker ' + ' '.join(args), 'exit': p.returncode, 'columns': re.split(r'\s{2,}', h.strip()) if n not in ('port', 'diff') else re.sub(r'\d+', 'N', h) if n == 'port' else h[:1]})
    for n, args in {'run-badcmd': ['run', '--rm', img, 'nosuchcmd'], 'run-notexec': ['run', '--rm', img, '/etc'], 'run-exit': ['run', '--rm', img, 'sh', '-c', 'exit 9'], 'run-badflag': ['run', '--nosuch', img], 'run-pid1-selfkill': ['run', '--rm', img, 'sh', '-c', 'kill -9 $$'],
                    'inspect-missing': ['inspect', 'inv-none'], 'rm-missing': ['rm', 'inv-none'], 'exec-missing': ['exec', 'inv-full', 'nosuch'], 'exec-exit': ['exec', 'inv-full', 'sh', '-c', 'exit 5'], 'badcommand': ['nosuch'], 'noargs': ['run'], 'start-missing': ['start', 'inv-none'], 'wait': ['wait', 'inv-exited'], 'create-badname': ['create', '--name', '/a b', img]}.items():
        if args[0] in ('run', 'create') and not a.own_daemon: continue
        p = run(*args); r.save('cli-exit-' + n, {'request': 'docker ' + ' '.join(args), 'exit': p.returncode, 'stdout_lines': len(p.stdout.split('\n')) - 1, 'stderr_empty': not p.stderr})


def kinds(s): return set(s.split('|')) if isinstance(s, str) else {'object' if isinstance(s, dict) else 'array'}


def diff(g, d, path, out, strict):
    if g == d: return
    if isinstance(g, dict) and isinstance(d, dict):
        kg = {k.rstrip('?'): k for k in g}; kd = {k.rstrip('?'): k for k in d}
        if not strict and (not g or not d): return
        for k in kg:
            if k in kd: diff(g[kg[k]], d[kd[k]], path + '.' + k, out, strict)
            elif not (kg[k].endswith('?') and not strict): out.append(('missing', path + '.' + k, g[kg[k]]))
        for k in kd:
            if k not in kg: out.append(('extra', path + '.' + k, d[kd[k]]))
        return
    if isinstance(g, list) and isinstance(d, list):
        if all(isinstance(x, str) for x in g + d) and path.split('.')[-1] in ('head', 'columns', 'order', 'frames', 'streams', 'tar'):
            out.append(('differs', path, '%s -> %s' % (g, d))); return
        if g and d: diff(g[0], d[0], path + '[]', out, strict)
        elif strict and (g or d): out.append(('mistyped', path, '%s -> %s' % (brief(g), brief(d))))
        return
    if path.endswith(('.status', '.exit')) or '.headers.' in path: out.append(('differs', path, '%s -> %s' % (g, d))); return
    kg, kd = kinds(g), kinds(d)
    if not strict:
        num = {'int', 'float'}; txt = {'string', 'time'}
        if kg & kd or (kg & num and kd & num) or (kg & txt and kd & txt): return
        # nil slices and maps are null in Docker's answers: report null where the golden has an array or object and the other way round
    out.append(('mistyped', path, '%s -> %s' % (brief(g), brief(d))))


def brief(s): return s if isinstance(s, str) else ('{…}' if s else '{}') if isinstance(s, dict) else ('[…]' if s else '[]')


def compare(a):
    g, d = a.compare; n = same = 0; total = {}
    for f in sorted(os.listdir(g)):
        if not f.startswith('shape-'): continue
        n += 1; x = json.load(open(os.path.join(g, f)))
        p = os.path.join(d, f); out = []
        if not os.path.exists(p): out.append(('missing', '(no recording)', ''))
        else:
            y = json.load(open(p)); x.pop('request', 0); y.pop('request', 0); diff(x, y, '', out, a.strict)
        same += not out
        for k, pa, v in out:
            total[k] = total.get(k, 0) + 1
            print('\t'.join([f[6:-5], k, pa.lstrip('.'), brief(v) if not isinstance(v, str) else v]))
    print('# %d of %d recordings agree; %s' % (same, n, ' '.join('%s=%d' % i for i in sorted(total.items())) or 'no differences'))
    return 0 if same == n else 1


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--host', default=os.environ.get('DOCKER_HOST', 'unix:///var/run/docker.sock')); p.add_argument('--out'); p.add_argument('--image', default='busybox:latest')
    p.add_argument('--api-version', default='1.51'); p.add_argument('--cli', default=''); p.add_argument('--only', default=''); p.add_argument('--own-daemon', action='store_true')
    p.add_argument('--compare', nargs=2, metavar=('GOLDEN', 'DIR')); p.add_argument('--strict', action='store_true')
    a = p.parse_args()
    if a.compare: return compare(a)
    if not a.out: p.error('--out DIR or --compare GOLDEN DIR')
    record(a); return 0


if __name__ == '__main__': sys.exit(main())
