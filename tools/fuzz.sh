#!/usr/bin/env bash
# Runs the fuzz targets of build/asan, one after the other, each for FUZZ_SECONDS (60), from
# fuzz/corpus/<target>; with names as arguments only those. New inputs are kept in
# build/fuzz/corpus, a finding in build/fuzz. Ends at the first finding.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
# Arrow's own allocator hides overruns from ASan.
export ARROW_DEFAULT_MEMORY_POOL=system
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in fuzz/*_fuzz.cc; do targets+=("$(basename "$source" _fuzz.cc)"); done
fi

for target in "${targets[@]}"; do
  found=build/fuzz/corpus/$target log=build/fuzz/$target.log
  mkdir -p "$found"
  options=(-max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1
    -artifact_prefix="build/fuzz/$target-")
  [ -f "fuzz/$target.dict" ] && options+=(-dict="fuzz/$target.dict")
  if ! "build/asan/${target}_fuzz" "${options[@]}" "$found" "fuzz/corpus/$target" \
      >"$log" 2>&1; then
    tail -n 60 "$log"
    exit 1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "$target: $executions executions in $seconds s, no finding"
done
