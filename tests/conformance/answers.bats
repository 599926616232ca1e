#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clients: docker
# What the client says and how it ends, command by command, is what it says with Docker's own daemon (see compare).
load ../e2e/lib

@test "client commands answer as recorded from Docker" {
	"$TESTS/conformance/compare" "$TESTS/conformance/docker-28.5.json" "unix://$SOCK" "$D/tap" || {
		grep -A6 '^not ok' "$D/tap"
		return 1
	}
}
