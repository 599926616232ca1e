# SPDX-License-Identifier: Apache-2.0
# A thin front for Meson: `make run` and `make test` are all that a newcomer needs; `make help` lists the rest.

PREFIX ?= /usr/local
DESTDIR ?=
SANITIZE ?=
DOCKER_LINK ?=

export SANITIZE

.DEFAULT_GOAL := build
.PHONY: build run stop test lint fuzz test-vm bench install clean help

build: ## compile everything into build/bin
	@scripts/deps build
	@scripts/build

run: ## build, start a daemon of its own and run a first container
	@scripts/deps build run
	@scripts/build
	@scripts/demo start

stop: ## end what `make run` started
	@scripts/demo stop

test: ## all tests; SANITIZE=address,undefined or SANITIZE=thread for sanitized programs
	@tests/run

lint: ## only the checks of the source text
	@scripts/deps build test
	@tests/run lint

fuzz: ## fuzz every parser, FUZZ_SECONDS (60) each
	@scripts/deps build test
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-60} tests/run fuzz

test-vm: ## containers on cgroup v2 and Debian's own kernel, in a virtual machine
	@scripts/deps build run vm
	@scripts/build
	@tests/tools/mkimage build/busybox.tar
	@tests/tools/vm bash tests/vm/cgroup2 $(CURDIR)/build/bin $(CURDIR)/build/busybox.tar

bench: ## measure, beside the other engines found on this machine
	@scripts/deps build run bench
	@scripts/build
	@tests/bench/run

install: ## install into $(DESTDIR)$(PREFIX); DOCKER_LINK=1 also installs hull as `docker`
	@scripts/build
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' DOCKER_LINK='$(DOCKER_LINK)' scripts/install

clean: stop ## end the daemon of `make run` and remove all that was built
	@rm -rf build

help:
	@sed -n 's/^\([a-z-]*\):.*## /make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'
