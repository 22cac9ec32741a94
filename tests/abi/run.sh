#!/usr/bin/env bash
# The exported symbols and the layout of public structs against the committed lists, the constants against the header, and
# the header by itself under C99, C11 and C++17. Usage: tests/abi/run.sh BUILD_FOLDER [CC]. `UPDATE=1` writes the lists anew.
set -eu
out=$1 cc=${2:-cc} here=tests/abi failed=0
same() { # NAME ACTUAL
  if [ "${UPDATE:-0}" = 1 ]; then cp "$2" "$here/$1.expected"; fi
  if ! diff -u "$here/$1.expected" "$2"; then echo "abi: $1 differs from $here/$1.expected"; failed=1; fi
}
nm -D --defined-only "$out/libcustmine.so" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | LC_ALL=C sort > "$out/symbols"
same symbols "$out/symbols"
case $(getconf LONG_BIT) in 64) "$out/tests/abi/layout" > "$out/layout"; same layout "$out/layout" ;; esac

# Every function that the header declares is exported, and nothing else is.
cat include/custmine/*.h | tr '\n' ' ' | grep -oE 'CM_API [^;]*' | grep -oE 'cm_[a-z0-9_]+ *\(' | tr -d ' (' | LC_ALL=C sort -u > "$out/declared"
if ! diff -u "$out/declared" "$out/symbols"; then echo "abi: the header and the library differ"; failed=1; fi
# Nothing but cm_ leaves the static archive.
stray=$(nm --defined-only "$out/libcustmine.a" | awk '$2 ~ /^[A-TV-Z]$/ && $3 !~ /^(cm_|DW\.ref|__odr_asan|__asan|__sanit)/ {print $3}')
if [ -n "$stray" ]; then echo "abi: not cm_: $stray"; failed=1; fi
# Every constant of the header can be asked at run time.
grep -hoE '^#define CM_[A-Z0-9_]+ +\(?-?[0-9]+' include/custmine/*.h | awk '{sub(/\(/, "", $3); print $2, $3}' | LC_ALL=C sort > "$out/constants.header"
"$out/tests/abi/constants" | LC_ALL=C sort > "$out/constants.library"
if ! diff -u "$out/constants.header" "$out/constants.library"; then echo "abi: constants differ"; failed=1; fi

for standard in c99 c11; do
  echo '#include <custmine.h>' | "$cc" -std=$standard -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c - || failed=1
done
if command -v c++ > /dev/null; then
  echo '#include <custmine.h>' | c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c++ - || failed=1
else
  echo "skipped: the header as C++17 (no c++)"
fi
[ $failed = 0 ] && echo "abi: $(wc -l < "$out/symbols") functions, layouts, constants and headers as expected"
exit $failed
