#!/usr/bin/env bash
# Installs into an empty folder, then compiles and runs README.md's C example the way its reader would: with pkg-config, against
# what was installed, shared and static. Usage: tests/abi/readme_example.sh BUILD_FOLDER CC
set -eu
out=$1 cc=$2
stage=$(mktemp -d); trap 'rm -rf "$stage"' EXIT
make -s install DESTDIR="$stage" PREFIX=/usr CC="$cc" > /dev/null
export PKG_CONFIG_PATH="$stage/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$stage"
awk '/^```c$/{f=1;next} /^```/{f=0} f' README.md > "$stage/example.c"
[ -s "$stage/example.c" ] || { echo "README.md has no C example"; exit 1; }
"$cc" -Wall -Wextra -Werror ${EXAMPLE_FLAGS:-} "$stage/example.c" $(pkg-config --cflags --libs custmine) -o "$stage/example"
"$cc" -Wall -Wextra -Werror ${EXAMPLE_FLAGS:-} "$stage/example.c" $(pkg-config --cflags custmine) "$stage/usr/lib/libcustmine.a" -lcsv -lz -lpthread -lm -o "$stage/example-static"
cp tests/data/good-sales.csv "$stage/sales.csv"
(cd "$stage" && LD_LIBRARY_PATH="$stage/usr/lib" ./example > shared.txt && ./example-static > static.txt && cmp shared.txt static.txt && test -s shared.txt)
make -s uninstall DESTDIR="$stage" PREFIX=/usr > /dev/null
left=$(find "$stage/usr" -type f -o -type l)
[ -z "$left" ] || { echo "make uninstall left: $left"; exit 1; }
echo "installed, README's example compiled and ran, uninstalled"
