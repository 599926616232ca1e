#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 90
# Every key of Docker's recorded answers is there, with its type; calls of the command line are those of the real client.
load ../e2e/lib

@test "answers have the shape of Docker 28.5's, key by key" {
	# as when it was recorded: an image without a configuration
	mkdir "$D/image"
	tar -xf "$HULL_TEST_DIR/busybox.tar" -C "$D/image"
	hull import "$D/image/$(jq -r '.[0].Layers[0]' "$D/image/manifest.json")" shape:latest >/dev/null
	python3 "$TESTS/conformance/shape.py" --host "unix://$SOCK" --image shape:latest --out "$D/shapes" >"$D/log" 2>&1 || { cat "$D/log"; false; }
	grep fixture: "$D/log" | grep -v inv-conflict >"$D/fixtures" || : # needs a built image
	python3 "$TESTS/conformance/shape.py" --compare "$TESTS/conformance/golden" "$D/shapes" >"$D/differences" || true
	run -0 python3 - "$D/differences" "$TESTS/conformance/allowed.tsv" <<'P'
import re, sys
allowed = [l.rstrip('\n').split('\t') for l in open(sys.argv[2]) if l.strip() and l[0] != '#']
used, bad = set(), []
for line in open(sys.argv[1]):
    if line[0] == '#':
        print(line.rstrip()); continue
    name, kind, path = (line.rstrip('\n').split('\t') + ['', ''])[:3]
    for n, (rec, where, why) in enumerate(allowed):
        if re.fullmatch(rec, name) and re.fullmatch(where, path):
            used.add(n); break
    else:
        bad.append(line.rstrip())
print('\n'.join(bad))
sys.exit(bool(bad))
P
	same "$(cat "$D/fixtures")" ""
}

@test "hull makes the calls that the real client makes" {
	run -0 python3 "$TESTS/conformance/calls.py" "$SOCK" "$D/proxy" "$TESTS/conformance/cli-calls.tsv" "$BIN/hull"
	echo "$output"
}

@test "the real client makes the recorded calls, and they work" {
	has_docker || skip "no docker client in PATH"
	run -0 python3 "$TESTS/conformance/calls.py" "$SOCK" "$D/proxy" "$TESTS/conformance/cli-calls.tsv" docker
	echo "$output"
}
