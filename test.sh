#!/usr/bin/env bash
# Builds everything and runs every test. The last line is "N passed, N failed, N skipped"; the exit code is 0 only if
# nothing failed, and with CI=true only if nothing was skipped either.
#
#   ./test.sh            every test
#   ./test.sh NAME ...   only the named projects under tests/, for example: ./test.sh Core.Tests Simulation
set -u
cd "$(dirname "$0")" || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

passed=0 failed=0 skipped=0
declare -a problems=()

# Test projects in the order of running: what stands on nothing first.
projects=(Core.Tests Simulation Conformance Journals Crash.Tests Samples.Tests Docs.Tests)
[ $# -gt 0 ] && projects=("$@")

finish() {
  for problem in "${problems[@]+"${problems[@]}"}"; do echo "$problem"; done
  if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then
    echo "With CI=true nothing may be skipped: $skipped counted as failed."
    failed=$((failed + skipped)) skipped=0
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit
}

if ! command -v dotnet >/dev/null; then
  problems+=("The .NET SDK 10 is needed, and 'dotnet' is not on the PATH: see https://dotnet.microsoft.com/download.")
  failed=1
  finish
fi

build() {
  local log
  log=$(mktemp)
  if dotnet build "$1" -v quiet -nodeReuse:false -clp:NoSummary >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  grep -E 'error|warn' "$log" | sort -u | head -40
  [ -s "$log" ] && tail -5 "$log"
  rm -f "$log"
  return 1
}

# The number behind a word in the runner's summary line; 0 where there is none.
number() {
  local found
  found=$(sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$2")
  echo "${found:-0}"
}

run() {
  local name=$1 log line total bad omitted
  if ! build "tests/$name"; then
    problems+=("tests/$name does not build: counted as one failure.")
    failed=$((failed + 1))
    return
  fi
  log=$(mktemp)
  timeout 1200 dotnet "tests/$name/bin/Debug/net10.0/Sheaf.$name.dll" -noColor >"$log" 2>&1
  local code=$?
  cat "$log"
  line=$(grep -E 'Total: [0-9]+' "$log" | tail -1)
  rm -f "$log"
  total=$(number Total "$line") omitted=$(($(number Skipped "$line") + $(number 'Not Run' "$line")))
  bad=$(($(number Failed "$line") + $(number Errors "$line")))
  if [ "$total" -eq 0 ] || { [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
    problems+=("tests/$name ended with exit code $code and no usable summary: counted as one failure.")
    failed=$((failed + 1))
    return
  fi
  passed=$((passed + total - bad - omitted)) failed=$((failed + bad)) skipped=$((skipped + omitted))
  [ "$omitted" -gt 0 ] && problems+=("tests/$name skipped $omitted; it says why above.")
}

for project in "${projects[@]}"; do
  echo "== $project"
  run "$project"
done

if [ $# -eq 0 ]; then
  # What no test project stands on has to build too.
  for other in benchmarks; do
    if ! build "$other"; then
      problems+=("$other does not build: counted as one failure.")
      failed=$((failed + 1))
    fi
  done
fi
finish
