#!/usr/bin/env bash
# What takes longer than a change can wait for: long fuzzing, valgrind, 32 bits, coverage, a bare machine. Parts that cannot run here say so.
set -u
passed=0 failed=0
part() { # NAME COMMAND...
  local name=$1 start=$SECONDS; shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); echo "passed $name ($((SECONDS - start)) s)"
  else failed=$((failed + 1)); echo "FAILED $name"; fi
}
have() { command -v "$1" > /dev/null || { echo "skipped: $2 (no $1)"; return 1; }; }

fuzz() { make fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-600}"; }
have clang "long fuzzing" && part "fuzzing each target ${FUZZ_SECONDS:-600} s" fuzz

memcheck() {
  make -j2 CFLAGS='-O1 -g' all || return 1
  local out; out=$(make -s CFLAGS='-O1 -g' where)
  "$out/generate" 300 > build/nightly.csv
  for command in "rfm --on-error collect" "describe" "demo"; do
    valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=all "$out/custmine" $command build/nightly.csv > /dev/null || return 1
  done
}
have valgrind "valgrind" && part "valgrind over the command" memcheck

# The peers' virtual environment (BENCH_PEERS names its Python) has what our numbers are compared with.
beside_peers() { # SCRIPT
  local out; out=$(make -s where)
  CUSTMINE_LIBRARY=$(echo "$PWD/$out"/libcustmine.so.[0-9]) PYTHONPATH=bindings/python PYTHONDONTWRITEBYTECODE=1 "$peers" "tests/peers/$1"
}
peers=${BENCH_PEERS:-/tmp/peers/bin/python}
if "$peers" -c 'import sklearn' 2> /dev/null; then make -j2 all && part "k-means beside scikit-learn" beside_peers kmeans_sklearn.py
else echo "skipped: k-means beside scikit-learn (BENCH_PEERS names no Python that has it)"; fi
if "$peers" -c 'import scipy, statsmodels' 2> /dev/null; then make -j2 all && part "profiles beside scipy" beside_peers profile_scipy.py
else echo "skipped: profiles beside scipy (BENCH_PEERS names no Python that has scipy and statsmodels)"; fi

# 32 bits need libraries of that kind; Debian has them as foreign packages (libcsv-dev:i386, zlib1g-dev:i386).
thirty_two() {
  make -j2 CFLAGS='-O2 -m32' all || return 1
  local here there; here=$(make -s where) there=$(make -s CFLAGS='-O2 -m32' where)
  make -j2 all && "$here/generate" 500 > build/nightly.csv
  cmp <("$here/custmine" rfm --on-error collect build/nightly.csv) <("$there/custmine" rfm --on-error collect build/nightly.csv)
}
if echo 'int main(void){return 0;}' | gcc -m32 -x c - -lcsv -lz -o build/thirty_two 2> /dev/null; then part "32 bits give the same bytes" thirty_two
else echo "skipped: 32 bits (no 32-bit libcsv and zlib)"; fi

# The kernels of 64-bit ARM, compiled as far as their warnings; the headers of this machine will do, but for one that is not there.
arm() {
  mkdir -p build/arm/gnu && : > build/arm/gnu/stubs-32.h
  local file
  for file in lib/io/block*.c lib/table/dictionary*.c; do
    clang --target=aarch64-linux-gnu -std=c11 -D_DEFAULT_SOURCE -fsyntax-only -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude -Ilib \
      -isystem build/arm -isystem "/usr/include/$(gcc -print-multiarch)" "$file" || return 1
  done
}
have clang "64-bit ARM" && part "64-bit ARM compiles" arm

coverage() {
  make -j2 CC=gcc CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage check-unit check-cli || return 1
  local out; out=$(make -s CC=gcc CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage where)
  lcov -q -c -d "$out/lib" -o build/coverage.info && lcov --summary build/coverage.info 2>&1 | grep -E 'lines|functions'
}
have lcov "coverage" && part "coverage" coverage

echo "$passed passed, $failed failed"
[ $failed = 0 ]
