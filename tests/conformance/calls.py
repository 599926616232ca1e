#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a table through a proxy on the daemon's socket and compares the requests with the table.

  calls.py SOCKET PROXY-SOCKET TABLE CLIENT

The table's commands say `docker`; CLIENT is run instead. Prints every difference; exit code 1 when there is one, or when a
command fails."""
import collections, os, re, shlex, socket, subprocess, sys, tempfile, threading, urllib.parse

daemon, listen, table, client = sys.argv[1:5]
seen, lock = [], threading.Lock()


def pump(a, b, watch):
    """Copies a to b; with watch, notes request lines and heads on the way (requests start a read, as clients write them)."""
    upgraded = False
    try:
        while True:
            data = a.recv(65536)
            if not data:
                break
            if watch and not upgraded:
                m = re.match(rb'(GET|HEAD|POST|PUT|DELETE) (\S+) HTTP/1', data)
                if m:
                    upgraded = b'\r\nUpgrade:' in data or b'\r\nupgrade:' in data
                    with lock:
                        seen.append((m.group(1).decode(), m.group(2).decode(), 'upgrade tcp' if upgraded else ''))
            b.sendall(data)
    except OSError:
        pass
    try:
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(s):
    while True:
        try:
            c, _ = s.accept()
        except OSError:
            return
        d = socket.socket(socket.AF_UNIX)
        d.connect(daemon)
        threading.Thread(target=pump, args=(c, d, True), daemon=True).start()
        threading.Thread(target=pump, args=(d, c, False), daemon=True).start()


def normal(method, target):
    path, _, query = target.partition('?')
    path = re.sub(r'^/v\d\.\d+', '', path)
    path = re.sub(r'[0-9a-f]{64}', '{id}', path)
    items = []
    for k, v in sorted(urllib.parse.parse_qsl(query, keep_blank_values=True)):
        items.append(k + '=' + (v if k == 'filters' or not re.fullmatch(r'\d{2,}(\.\d+)?', v) else 'N'))
    return method + ' ' + urllib.parse.unquote(path) + ('?' + '&'.join(items) if items else '')


def main():
    commands = collections.OrderedDict()
    for line in open(table):
        if line[0] == '#' or line.startswith('command\t'):
            continue
        command, request, connection = (line.rstrip('\n').split('\t') + ['', ''])[:3]
        method, target = request.split(' ', 1)
        commands.setdefault(command, []).append((normal(method, target), connection))
    s = socket.socket(socket.AF_UNIX)
    s.bind(listen)
    s.listen(64)
    threading.Thread(target=serve, args=(s,), daemon=True).start()
    env = dict(os.environ, DOCKER_HOST='unix://' + listen)
    bad = 0
    with tempfile.TemporaryDirectory() as d:
        for command, wanted in commands.items():
            if command.startswith('docker wait') or command.startswith('docker start inv'):
                pass
            with lock:
                seen.clear()
            argv = [client] + shlex.split(command)[1:]
            if command.startswith('docker wait'):
                subprocess.run([client, 'kill', 'inv-d'], env=dict(env, DOCKER_HOST='unix://' + daemon), capture_output=True)
            r = subprocess.run(argv, env=env, cwd=d, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
            with lock:
                got = [(normal(m, t), u) for m, t, u in seen]
            if r.returncode:
                bad += 1
                print('%s: exit code %d: %s' % (command, r.returncode, (r.stderr or r.stdout).strip()[:300]))
            if got != wanted:
                bad += 1
                print('%s' % command)
                for i in range(max(len(got), len(wanted))):
                    g, w = got[i] if i < len(got) else ('nothing', ''), wanted[i] if i < len(wanted) else ('nothing', '')
                    if g != w:
                        print('   call %d: %s %s\n   instead of %s %s' % (i + 1, g[0], g[1], w[0], w[1]))
    print('%d commands, %d differences' % (len(commands), bad))
    return 1 if bad else 0


sys.exit(main())
