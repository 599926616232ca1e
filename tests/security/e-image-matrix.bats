#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# Some hundred hostile image archives, one after the other, through the whole daemon: see evilmatrix.
load ../e2e/lib
load canary

matrix() { run -0 "$TESTS/security/evilmatrix" "$SOCK" "$T/data" "$CANARY" "$1"; }

@test "names of entries lead nowhere" { matrix names; }
@test "links of layers lead nowhere" { matrix links; }
@test "whiteouts hide, and do nothing else" { matrix whiteouts; }
@test "malformed headers are refused" { matrix headers; }
@test "malformed and ambiguous documents are refused" { matrix documents; }
@test "damaged, cut off and exploding streams are refused" { matrix streams; }
