#!/usr/bin/env bash
# run.sh PROGRAM [SUITE...]: all suites or these, as many at a time as there are processors; what one printed stays together.
program=$1; shift
[ $# -gt 0 ] || set -- $(cd "$(dirname "$0")" && printf '%s\n' test_*.c | sed 's/^test_//; s/\.c$//')
one() { # PROGRAM SUITE
  local said status; said=$(CK_RUN_SUITE=$2 "$1" 2>&1); status=$?
  printf '%s\n' "$said" | sed "/^Running suite/d; s/^[0-9]*%: /$2: &/"
  return $status
}
export -f one
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'one "$0" {}' "$program"
