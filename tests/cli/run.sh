#!/usr/bin/env bash
# The command against its golden outputs, then against independent SQL. Usage: tests/cli/run.sh BUILD_FOLDER
# A case is cases/NAME.sh, run with $custmine, $data and an empty current folder; its standard output, its standard error and its exit
# status must be those of NAME.out, NAME.err (not there: empty) and NAME.exit (not there: 0). UPDATE=1 writes them.
set -u
out=$(realpath "$1") here=$(realpath "$(dirname "$0")") top=$(pwd) failed=0 passed=0
export custmine=$out/custmine generate=$out/generate data=$top/tests/data COLUMNS=100 NO_COLOR=1 LC_ALL=C
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

expect() { # FILE ACTUAL
  if [ "${UPDATE:-0}" = 1 ]; then
    if [ -s "$2" ]; then cp "$2" "$1"; else rm -f "$1"; fi
  elif [ -e "$1" ]; then diff -u "$1" "$2"
  else diff -u /dev/null "$2"
  fi
}

for case in "$here"/cases/*.sh; do
  name=$(basename "$case" .sh)
  [ -n "${CASE:-}" ] && [ "$CASE" != "$name" ] && continue
  rm -rf "$work/run" && mkdir "$work/run"
  (cd "$work/run" && bash "$case" > "$work/out" 2> "$work/err.raw")
  echo $? > "$work/exit.raw"
  sed "s|$work/run|.|g; s|$top/||g" "$work/err.raw" > "$work/err"
  sed -i "s|$top/||g" "$work/out"
  : > "$work/exit"; [ "$(cat "$work/exit.raw")" = 0 ] || cp "$work/exit.raw" "$work/exit"
  if expect "$here/cases/$name.out" "$work/out" && expect "$here/cases/$name.err" "$work/err" && expect "$here/cases/$name.exit" "$work/exit"
  then passed=$((passed + 1)); else echo "cli: $name failed"; failed=$((failed + 1)); fi
done
echo "cli: $passed cases passed, $failed failed"

for oracle in "$here"/oracle_*.sh; do
  [ -n "${CASE:-}" ] && continue
  bash "$oracle" || { echo "cli: $(basename "$oracle") failed"; failed=$((failed + 1)); }
done
[ $failed = 0 ]
