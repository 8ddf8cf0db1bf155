#!/usr/bin/env bash
# Builds everything and runs every test. The last line is "N passed, N failed, N skipped"; the exit code is 0 only if
# nothing failed, and with CI=true only if nothing was skipped either.
#
#   ./test.sh            every test
#   ./test.sh NAME ...   only the named projects under tests/, for example: ./test.sh Core.Tests Simulation
#   ./test.sh chaos [SECONDS]
#                        faults by a seed strike three silo processes and PostgreSQL for so long: 300 s, at most 480. It prints
#                        the seed; SHEAF_CHAOS_SEED=N has the same faults again. Plain ./test.sh has half a minute of it, seed 1.
set -u
cd "$(dirname "$0")" || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

passed=0 failed=0 skipped=0
declare -a problems=()

# Test projects in the order of running: what stands on nothing first.
projects=(Core.Tests Analyzers.Tests Simulation Conformance Journals Crash.Tests Samples.Tests Docs.Tests)
# What needs Orleans comes after: where its packages cannot be had, it is skipped, and the rest is not.
orleans_projects=(Cluster.Tests Silo.Tests Client.Tests Chaos)
# What starts a PostgreSQL server of its own.
postgresql_projects=(Journals Silo.Tests Client.Tests Chaos)

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

# Whether a word is among others: contains WORD OTHERS...
contains() {
  local word=$1 other
  shift
  for other in "$@"; do [ "$other" = "$word" ] && return 0; done
  return 1
}

# Installs PostgreSQL from Debian's packages if it is missing and that is possible. If not, the tests that need it say so.
install_postgresql() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "PostgreSQL is missing, and installing it takes root and apt-get: the tests that need it are skipped."
    return
  fi
  echo "== PostgreSQL is missing: installing Debian's package"
  # Only the programs are wanted, not a server that runs.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  local log
  log=$(mktemp)
  apt-get update >"$log" 2>&1
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold postgresql >>"$log" 2>&1; then
    echo "PostgreSQL could not be installed:"
    tail -5 "$log"
  fi
  rm -f "$log"
}

# Whether a project's packages can be had. If not, it counts as one skipped, and the line says which package is missing.
# Any other mistake is left to the build to report.
restorable() {
  local log missing
  log=$(mktemp)
  if dotnet restore "$1" -v quiet -nodeReuse:false >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  # NU1101: no such package; NU1102: not in that version; NU1301: a source does not answer.
  missing=$(sed -nE 's/ \[[^]]*proj\]$//; s/.*error (NU1101|NU1102|NU1301): (.*)/\2/p' "$log" | grep -v '^ *- Found' | sort -u | head -3 | paste -sd ' ' -)
  rm -f "$log"
  [ -z "$missing" ] && return 0
  problems+=("$1 skipped: what it needs could not be restored: $missing")
  skipped=$((skipped + 1))
  return 1
}

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

selected=("${projects[@]}" "${orleans_projects[@]}")
if [ "${1:-}" = chaos ]; then
  export SHEAF_CHAOS_SECONDS="${2:-${SHEAF_CHAOS_SECONDS:-300}}" SHEAF_CHAOS_SEED="${SHEAF_CHAOS_SEED:-$RANDOM}"
  selected=(Chaos)
elif [ $# -gt 0 ]; then
  selected=("$@")
fi
for project in "${selected[@]}"; do
  echo "== $project"
  contains "$project" "${orleans_projects[@]}" && ! restorable "tests/$project" && continue
  contains "$project" "${postgresql_projects[@]}" && install_postgresql
  run "$project"
done

if [ $# -eq 0 ]; then
  # What no test project stands on has to build too.
  for other in benchmarks; do
    restorable "$other" || continue
    if ! build "$other"; then
      problems+=("$other does not build: counted as one failure.")
      failed=$((failed + 1))
    fi
  done
fi
finish
