#!/bin/sh
# Prints custmine_cdef.lua: the declarations of the public headers, without comments and preprocessor.
#     bindings/lua/make_cdef.sh > bindings/lua/custmine_cdef.lua
set -eu
cd "$(dirname "$0")/../.."
headers() { for name in base options table io prepare model; do cat "include/custmine/$name.h"; done; }

echo '-- Made by make_cdef.sh from the public headers.'
echo 'require("ffi").cdef [['
headers | sed -nE 's/^#define (CM_[A-Z0-9_]+) +\(?(-?[0-9]+)\)?.*/static const int32_t \1 = \2;/p'
headers | awk '
  /^#ifdef __cplusplus/ { cpp = 1 }
  !cpp && !/^#/ { print }
  /^#endif/ { cpp = 0 }
' | awk '
  { line = line $0 "\n" }
  END {
    while ((start = index(line, "/*")) > 0) {
      rest = substr(line, start + 2)
      line = substr(line, 1, start - 1) substr(rest, index(rest, "*/") + 2)
    }
    printf "%s", line
  }
' | sed -E 's/CM_API //; s/ +$//' | grep -v '^$'
echo ']]'
