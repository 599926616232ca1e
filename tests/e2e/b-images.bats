#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clients: both
# Images: load, save, import, list, inspect, history, tag, remove, prune.
load lib

mkimage() { "$TOOLS/mkimage" "$@"; }

@test "load reads docker archives and OCI layouts, plain, gzip and zstd" {
	[ -z "${HULL_ORACLE-}" ] || skip "this store of Docker reads no bare OCI layouts"
	mkimage "$D/a.tar" one:a --label x=1
	run -0 client load -i "$D/a.tar"
	same "$output" "Loaded image: one:a"
	mkimage "$D/b.tar" two:b --oci --label x=2
	run -0 client load -i "$D/b.tar"
	same "$output" "Loaded image: two:b"
	mkimage "$D/c.tar" three:c --gzip --label x=3
	run -0 client load -i "$D/c.tar"
	same "$output" "Loaded image: three:c"
	mkimage "$D/d.tar" four:d --label x=4
	zstd -q "$D/d.tar" -o "$D/d.tzst"
	run -0 client load -i "$D/d.tzst"
	same "$output" "Loaded image: four:d"
	local n
	for n in one:a two:b three:c four:d; do same "$(client run --rm "$n" echo ok)" ok; done
	same "$(client load <"$D/a.tar")" "Loaded image: one:a"
}

@test "load of what is no image fails with a clear message" {
	head -c 100000 /dev/urandom >"$D/junk"
	run -1 client load -i "$D/junk"
	[ -n "$output" ]
	tar -cf "$D/empty.tar" -C "$D" junk
	run -1 client load -i "$D/empty.tar"
	: >"$D/nothing"
	run client load -i "$D/nothing"
	mkimage "$D/cut.tar" cut:1
	head -c 500000 "$D/cut.tar" >"$D/half.tar"
	run -1 client load -i "$D/half.tar"
	api_expect 404 GET /images/cut:1/json
}

@test "save and load again gives the same image" {
	local id; id=$(client inspect -f '{{.Id}}' $IMAGE)
	client save -o "$D/s.tar" $IMAGE
	tar -tf "$D/s.tar" | grep -qx manifest.json
	tar -tf "$D/s.tar" | grep -qx index.json
	client tag $IMAGE keep:1
	client rmi $IMAGE >/dev/null
	client rmi keep:1 >/dev/null
	run -0 client load -q -i "$D/s.tar"
	same "$(client inspect -f '{{.Id}}' $IMAGE)" "$id"
	client save $IMAGE | tar -t >/dev/null
}

@test "images lists, filters, formats" {
	client tag $IMAGE other/name:v1
	run -0 client images --format '{{.Repository}}:{{.Tag}}'
	same "$(sort <<<"$output")" $'busybox:latest\nother/name:v1'
	same "$(client images -q --no-trunc | sort -u)" "$(client inspect -f '{{.Id}}' $IMAGE)"
	same "$(client images other/name --format '{{.Tag}}')" v1
	same "$(client images --filter reference='other/*' --format '{{.Repository}}')" other/name
	same "$(client images --filter dangling=true -q)" ""
	client images | head -n 1 | grep -qE '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$'
	run -1 client images --filter nosuch=1
	contains "$output" "invalid filter 'nosuch'"
}

@test "tag refuses bad names" {
	run -1 client tag $IMAGE 'Bad:UP'
	contains "$output" "invalid reference format: repository name (library/Bad) must be lowercase"
	run -1 client tag nosuch:1 x:1
	contains "$output" "No such image: nosuch:1"
}

@test "rmi: untag, last tag, in use, force, by id" {
	mkimage "$D/r.tar" gone:1 --label r=1
	client load -q -i "$D/r.tar" >/dev/null
	client tag gone:1 gone:2
	run -0 client rmi gone:2
	same "$output" "Untagged: gone:2"
	client create --name user gone:1 true >/dev/null
	run -1 client rmi gone:1
	contains "$output" "conflict: unable to remove repository reference \"gone:1\" (must force) - container $(inspect user '.Id[0:12]') is using its referenced image"
	client rm user >/dev/null
	run -0 client rmi gone:1
	contains "$output" "Untagged: gone:1"
	contains "$output" "Deleted: sha256:"
	run -1 client rmi gone:1
	contains "$output" "No such image: gone:1"
	client load -q -i "$D/r.tar" >/dev/null
	client tag gone:1 gone:2
	local id; id=$(client inspect -f '{{.Id}}' gone:1)
	run -1 client rmi "$id"
	contains "$output" "(must be forced) - image is referenced in multiple repositories"
	run -0 client rmi -f "$id"
	api_expect 404 GET /images/gone:1/json
}

@test "an image in use by a running container cannot be forced away by id" {
	mkimage "$D/r.tar" used:1 --label r=2
	client load -q -i "$D/r.tar" >/dev/null
	client run -d --name run used:1 sleep 60 >/dev/null
	run -1 client rmi -f "$(client inspect -f '{{.Id}}' used:1)"
	contains "$output" "(cannot be forced) - image is being used by running container"
	same "$(client exec run echo alive)" alive
	client rm -f run
}

@test "import makes an image of a file system" {
	mkdir "$D/fs"
	cp "$(command -v busybox || echo /bin/busybox)" "$D/fs/sh"
	echo hi >"$D/fs/file"
	tar -cf "$D/fs.tar" -C "$D/fs" .
	run -0 client import -c 'CMD ["/sh","-c","echo imported"]' -c 'ENV A=b' -m note "$D/fs.tar" imp:1
	matches "$output" '^sha256:[0-9a-f]{64}$'
	same "$(client run --rm imp:1)" imported
	same "$(client inspect -f '{{.Config.Env}}' imp:1)" "[A=b]"
	same "$(client inspect -f '{{.Comment}}' imp:1)" note
	run -0 client import - imp:2 <"$D/fs.tar"
	run -1 client import -c 'RUN false' "$D/fs.tar" imp:3
}

@test "history shows how it was made" {
	run -0 client history $IMAGE
	matches "${lines[0]}" '^IMAGE +CREATED +CREATED BY +SIZE +COMMENT'
	api_expect 200 GET "/images/$IMAGE/history"
	same "$(field '.[0].Tags[0]')" busybox:latest
}

@test "the image's configuration reaches the container" {
	mkimage "$D/i.tar" cfg:1 --env A=1 --env B=2 --label k=v --entrypoint '["/bin/echo","ep"]' --cmd '["cmd"]' --workdir /tmp --user 12:34 \
		--volume /vol --expose 80/tcp --stop-signal SIGUSR1
	client load -q -i "$D/i.tar" >/dev/null
	same "$(client run --rm cfg:1)" "ep cmd"
	same "$(client run --rm cfg:1 x y)" "ep x y"
	same "$(client run --rm --entrypoint sh cfg:1 -c 'echo $A $B $PWD $(id -u) $(id -g)')" "1 2 /tmp 12 34"
	same "$(client run --rm -e A=9 --entrypoint sh cfg:1 -c 'echo $A $B')" "9 2"
	client create --name cc cfg:1 >/dev/null
	same "$(inspect cc '"\(.Config.StopSignal) \(.Config.Labels.k) \(.Config.ExposedPorts | keys[0]) \(.Mounts[0].Destination)"')" "SIGUSR1 v 80/tcp /vol"
}

@test "layers shadow each other: files, whiteouts, directories" {
	python3 - "$D" <<'P'
import hashlib, io, json, sys, tarfile
d = sys.argv[1]
def layer(entries):
    b = io.BytesIO(); t = tarfile.open(fileobj=b, mode='w')
    for name, data in entries:
        i = tarfile.TarInfo(name)
        if data is None: i.type = tarfile.DIRTYPE; i.mode = 0o755; t.addfile(i)
        else: i.size = len(data); i.mode = 0o755; t.addfile(i, io.BytesIO(data))
    t.close(); return b.getvalue()
busybox = open('/bin/busybox', 'rb').read()
layers = [layer([('bin', None), ('bin/sh', busybox), ('a', b'1'), ('b', b'1'), ('d', None), ('d/x', b'x'), ('o', None), ('o/old', b'1')]),
          layer([('a', b'2'), ('.wh.b', b''), ('d/.wh.x', b''), ('d/y', b'y'), ('o', None), ('o/.wh..wh..opq', b''), ('o/new', b'2')])]
config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {'Cmd': ['/bin/sh']},
                     'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(l).hexdigest() for l in layers]}}).encode()
out = tarfile.open(d + '/l.tar', 'w')
def add(name, data):
    i = tarfile.TarInfo(name); i.size = len(data); out.addfile(i, io.BytesIO(data))
for n, l in enumerate(layers): add('%d.tar' % n, l)
add('c.json', config)
add('manifest.json', json.dumps([{'Config': 'c.json', 'RepoTags': ['lay:1'], 'Layers': ['0.tar', '1.tar']}]).encode())
out.close()
P
	client load -q -i "$D/l.tar" >/dev/null
	same "$(client run --rm lay:1 /bin/sh -c 'for f in a b d/* o/*; do [ -e $f ] && echo $f=$(read x <$f; echo $x); done; cd /; echo *' 2>/dev/null | tail -n 1)" "a bin d dev etc o proc sys"
	same "$(client run --rm lay:1 /bin/sh -c 'cd /; read x </a; echo $x; echo d/* o/*')" $'2\nd/y o/new'
}

@test "image prune removes dangling images only, -a all that nobody uses" {
	mkimage "$D/p.tar" pr:1 --label p=1
	client load -q -i "$D/p.tar" >/dev/null
	mkimage "$D/p2.tar" pr:1 --label p=2
	client load -q -i "$D/p2.tar" >/dev/null
	same "$(client images --filter dangling=true -q | wc -l)" 1
	run -0 client image prune -f
	contains "$output" "Total reclaimed space"
	same "$(client images --filter dangling=true -q | wc -l)" 0
	client create --name holds $IMAGE true >/dev/null
	run -0 client image prune -af
	api_expect 404 GET /images/pr:1/json
	api_expect 200 GET /images/busybox/json
}

@test "an image cannot be removed from under a name that is an id of another" {
	local id; id=$(client inspect -f '{{.Id}}' $IMAGE)
	same "$(client inspect -f '{{.Id}}' "${id:7:12}")" "$id"
	run -1 client run --rm --pull never "${id:7:4}ffffffff" true || true
	[ "$status" -gt 0 ]
}
