#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
# hulld is killed, or fails, at each point of loading and removing an image: afterwards the image is there whole or not at
# all, nothing half-made is in the store, and the same load works.
load ../e2e/lib

LOAD_POINTS="content.write content.sync content.rename layer.sync layer.publish image.record state.apply state.applied"

setup_file() {
	strings -a "$BIN/hulld" | grep -q HULL_FAILPOINTS || skip "built without failpoints"
	export FP
	FP=$(mktemp "$HULL_TEST_DIR/fp.XXXX")
	export HULL_FAILPOINTS=@$FP
	suite_start
}
disarm() { : >"$FP"; }
store() { (cd "$T/data" && find staging content/ingest content/blobs layers/l -mindepth 1 && ls layers) | sort; }
# By its answer: a process that was killed is seen in /proc for a while.
alive() { curl -s -m 5 --unix-socket "$SOCK" http://d/_ping >/dev/null; }
again() { alive || { wait_gone "$(daemon_pid)" && start_daemon; }; }
try_load() { timeout 20 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" load -q -i "$D/new.tar"; }
has_image() { curl -s --unix-socket "$SOCK" "http://d/images/new:1/json" | grep -q '"Id"'; }

# After a fault the image is whole or absent, and the store holds only what images have.
check_store() {
	if has_image; then
		same "$(hull run --rm new:1 cat /layer-2)" "layer 2"
		hull rmi new:1 >/dev/null
	fi
	same "$(store)" "$BEFORE"
	try_load
	same "$(hull run --rm new:1 cat /layer-2)" "layer 2"
	hull rmi new:1 >/dev/null
	same "$(store)" "$BEFORE"
}

@test "killed anywhere in a load, the store is as before or has the image" {
	"$TOOLS/mkimage" "$D/new.tar" new:1 --layers 3 --gzip --label new=1
	BEFORE=$(store)
	local p n
	for p in $LOAD_POINTS; do
		for n in 1 2 3; do
			echo "$p=kill*$n" >"$FP"
			run try_load
			disarm
			again
			check_store || { echo "AT $p, hit $n"; return 1; }
		done
	done
}

@test "an error anywhere in a load is told, and leaves the store as it was" {
	"$TOOLS/mkimage" "$D/new.tar" new:1 --layers 3 --gzip --label new=1
	BEFORE=$(store)
	local p n
	for p in $LOAD_POINTS; do
		for n in 1 2 3; do
			echo "$p=errno:5*$n" >"$FP"
			run try_load
			disarm
			[ "$status" = 0 ] || contains "$output" "nput/output error"
			alive
			check_store || { echo "AT $p, hit $n"; return 1; }
		done
	done
}

@test "killed anywhere in a removal, the image is whole or gone" {
	"$TOOLS/mkimage" "$D/new.tar" new:1 --layers 3 --gzip --label new=1
	BEFORE=$(store)
	local p n
	for p in state.apply state.applied image.deleted; do
		for n in 1 2; do
			try_load
			echo "$p=kill*$n" >"$FP"
			run timeout 20 env DOCKER_HOST="unix://$SOCK" "$BIN/hull" rmi new:1
			disarm
			again
			# untagged but not yet deleted: it is there without a name
			local id
			for id in $(curl -s --unix-socket "$SOCK" 'http://d/images/json?all=1' | jq -r '.[] | select(.RepoTags == []) | .Id'); do
				hull rmi "$id" >/dev/null
			done
			check_store || { echo "AT $p, hit $n"; return 1; }
		done
	done
}
