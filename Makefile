# Calve's entry points. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup build services test test-fast test-slow pytest-services pytest-alone pytest-dbt demo bench asan tsan fuzz format lint clean

FUZZ_SECONDS ?= 60
BINARY := build/release/calve
# Tests sync many small files: in memory where there is room for them.
SCRATCH := $(shell test -w /dev/shm && echo /dev/shm || echo /tmp)

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

setup: ## Install what building and testing need (Debian packages, .venv)
	@tools/setup.sh

build: setup ## Build build/release/calve and the tests
	@cmake --preset release >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
	@rm -f build-configure.log
	@cmake --build --preset release

services: setup ## Fetch and build the services that tests run against
	@tools/setup.sh --services
	@deploy/local/stack fetch

demo: build ## Run the whole pipeline on a private PostgreSQL and a local warehouse
	@$(BINARY) demo

test-fast: build ## Units and laws, no services (minutes)
	@python3 tools/check_rooms.py
	@tools/format.sh --check
	@TMPDIR=$(SCRATCH) ctest --preset release -j2 -E '^(capture|flow|app)$$'

test: build services ## Every test but the slow ones, on real services (under half an hour)
	@python3 tools/check_rooms.py
	@tools/format.sh --check
	@TMPDIR=$(SCRATCH) ctest --preset release -j2
	@$(MAKE) --no-print-directory -j2 --output-sync=target pytest-dbt pytest-services pytest-alone

# Two processes of tests at a time, the longest first: those that use services wait for them
# most of the time.
pytest-services:
	@TMPDIR=$(SCRATCH) .venv/bin/python -m pytest -q -m 'services and not slow' --ignore-glob='*/test_dbt*.py' tests

pytest-dbt:
	@TMPDIR=$(SCRATCH) .venv/bin/python -m pytest -q -m 'services and not slow' tests/interop/test_dbt*.py

pytest-alone:
	@TMPDIR=$(SCRATCH) .venv/bin/python -m pytest -q -m 'not services and not slow' tests

test-slow: build services ## What takes long: slow tests, a soak, fuzzing, 10 M rows (hours)
	@tools/setup.sh --spark
	@TMPDIR=$(SCRATCH) .venv/bin/python -m pytest -q -m slow tests
	@tests/soak/follow.py --rounds 5000
	@.venv/bin/python bench/pipeline.py --events 10000000 --repeat 1
	@$(MAKE) fuzz FUZZ_SECONDS=1800

bench: build ## The workloads of docs/benchmarks.md
	@.venv/bin/python bench/pipeline.py

asan: ## Unit, flow and capture tests under AddressSanitizer and UBSan
	@tools/sanitize.sh asan

tsan: ## The same under ThreadSanitizer
	@tools/sanitize.sh tsan

fuzz: ## Fuzz each target of fuzz/ for FUZZ_SECONDS (60)
	@tools/setup.sh --clang
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan --target calve_fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz.sh

format: setup ## Format the C++ sources
	@tools/format.sh

lint: setup ## clang-tidy over src/
	@cmake --preset tidy >/dev/null
	@git ls-files 'src/*.cc' | xargs -P2 -n4 .venv/bin/clang-tidy -p build/tidy --quiet

clean: ## Remove what was built (.venv and ccache stay)
	rm -rf build

include deploy/compose/targets.mk
