#!/usr/bin/env bash
# Builds and runs the rooms' tests (units, laws, flow, capture) under a sanitizer: the preset
# asan or tsan. A finding fails its test. What is suppressed, and why: CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: tools/sanitize.sh asan|tsan}
tools/setup.sh --clang
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target calve_room_tests
scratch=/tmp
[ -w /dev/shm ] && scratch=/dev/shm
# Arrow's own allocator hides overruns from ASan, and its locks from TSan.
TMPDIR=$scratch ARROW_DEFAULT_MEMORY_POOL=system \
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 \
  UBSAN_OPTIONS=print_stacktrace=1 \
  ctest --preset "$preset" -E '^app$'
