#!/usr/bin/env bash
# Python and Lua on the library as it was built, as far as they are installed. Usage: tests/bindings/run.sh BUILD_FOLDER
# CUSTMINE_FRAMES=1: also pandas, Polars, pyarrow and DuckDB, in a virtual environment in $TMPDIR or build/venv.
set -u
out=$1 here=tests/bindings failed=0
cd "$(dirname "$0")/../.." || exit 1
out=$(cd "$out" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
CUSTMINE_LIBRARY=$(echo "$out"/libcustmine.so.[0-9])
export CUSTMINE_LIBRARY CUSTMINE_BUILD=$out CUSTMINE_WORK=$work PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH=bindings/python

# A sanitizer must be first in its process. What Python and LuaJIT themselves leave behind at the end is not our leak.
sanitizer=()
runtime=$(ldd "$CUSTMINE_LIBRARY" | awk '/libasan/ {print $3}')
if [ -n "$runtime" ]; then
  sanitizer=(env LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0)
elif nm -D "$CUSTMINE_LIBRARY" | grep -qE '__[at]san_init'; then
  echo "skipped: Python and Lua (the library has a sanitizer that cannot be loaded into them)"
  exit 0
fi

"$out/generate" 300 > "$work/shop.csv" || exit 1
"$out/custmine" rfm --on-error collect --format csv --raw --quiet "$work/shop.csv" > "$work/shop-rfm.csv" || exit 1
"$out/custmine" customers --on-error collect --format csv --raw --quiet "$work/shop.csv" > "$work/shop-customers.csv" || exit 1
"$out/custmine" rfm --format csv --raw --quiet tests/data/good-sales.csv > "$work/good-rfm.csv" || exit 1

python_tests() { # NAME PYTHON FILE
  if ${sanitizer[@]+"${sanitizer[@]}"} "$2" -W error "$here/$3" -q 2> "$work/log"; then
    echo "$1: $(sed -n 's/^Ran \(.*\) in .*/\1/p' "$work/log")$(sed -n 's/^OK (\(.*\))/, \1/p' "$work/log")"
    grep '^skipped:' "$work/log" | sort -u
  else
    cat "$work/log"
    echo "$1: failed"
    failed=1
  fi
}

# The examples name five customers of the generated shop, without its broken rows.
example() { # NAME COMMAND...
  local name=$1; shift
  grep -v '^90000[1-6],' "$work/shop.csv" > "$work/clean.csv"
  if [ "$(${sanitizer[@]+"${sanitizer[@]}"} "$@" "$work/clean.csv" | wc -l)" != 5 ]; then echo "$name: its example failed"; failed=1; fi
}

if command -v python3 > /dev/null && python3 -c 'import sys, ctypes; sys.exit(sys.version_info < (3, 9))' 2> /dev/null; then
  python_tests "python" python3 test_basic.py
  example python python3 examples/rfm.py
else
  echo "skipped: Python (no python3 from 3.9 on)"
fi

bindings/lua/make_cdef.sh > "$work/cdef.lua"
if ! diff -u bindings/lua/custmine_cdef.lua "$work/cdef.lua"; then
  echo "lua: custmine_cdef.lua is not what make_cdef.sh makes of the headers"
  failed=1
fi
if command -v luajit > /dev/null; then
  ${sanitizer[@]+"${sanitizer[@]}"} luajit "$here/test_basic.lua" || failed=1
  example lua env LUA_PATH="bindings/lua/?.lua;;" luajit examples/rfm.lua
else
  echo "skipped: Lua (no luajit)"
fi

frames_python() { # makes the virtual environment; prints its python
  local venv=${TMPDIR:-$PWD/build}/custmine-venv
  [ -n "${TMPDIR:-}" ] || venv=build/venv
  if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt" \
      && cp "$here/requirements.txt" "$venv/requirements.txt" || return 1
  fi
  echo "$venv/bin/python"
}

if [ "${CUSTMINE_FRAMES:-0}" = 1 ]; then
  if python=$(frames_python); then
    python_tests "frames" "$python" test_frames.py
  else
    echo "frames: the packages of $here/requirements.txt cannot be installed"
    failed=1
  fi
else
  echo "skipped: pandas, Polars, pyarrow, DuckDB (set CUSTMINE_FRAMES=1)"
fi
exit $failed
