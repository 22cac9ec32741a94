#!/usr/bin/env bash
# Speed of the main job, beside the peers where they are: runs interleaved, medians printed, every run kept as a JSON line in
# build/bench.jsonl. Usage: tests/bench/run.sh BUILD_FOLDER
# BENCH_ROWS (2600000), BENCH_RUNS (3), BENCH_PEERS: a Python with ../shared/bench/requirements.txt installed.
set -eu
out=$1 rows=${BENCH_ROWS:-2600000} runs=${BENCH_RUNS:-3} peers=${BENCH_PEERS:-} shared=../shared/bench cache=${BENCH_CACHE:-/tmp/custmine-bench}
mkdir -p "$cache" build
lines=build/bench.jsonl; : > "$lines"
if [ -r $shared/data/gen_retail.c ]; then
  file=$cache/retail-$rows-50000.csv
  if [ ! -e "$file" ]; then cc -O2 $shared/data/gen_retail.c -o "$cache/gen_retail" -lm; "$cache/gen_retail" "$rows" 50000 > "$file.part"; mv "$file.part" "$file"; fi
else
  echo "skipped: the retail file of ../shared/bench; a generated shop instead"
  file=$cache/shop.csv; [ -e "$file" ] || { "$out/generate" 20000 | grep -v '^90000[1-6],' > "$file.part"; mv "$file.part" "$file"; }
fi
for i in $(seq "$runs"); do
  for threads in 1 2; do "$out/tests/bench/main_job" "$file" $threads 1 >> "$lines"; done
  if [ -n "$peers" ]; then
    for peer in duckdb polars; do
      (cd $shared/peers && BENCH_CACHE="$cache" "$peers" customers.py --case 'csv-to-rfm*' --peer $peer --runs 1 --threads 2) >> "$lines" || true
    done
  fi
done
[ -n "$peers" ] || echo "skipped: the peers (BENCH_PEERS names a Python that has them; figures of an earlier run: $shared/ANCHORS.md)"
echo "$(basename "$file"), $(stat -c %s "$file") bytes; medians of $runs runs, seconds"
tr -d '{}"' < "$lines" | awk '{
  peer = threads = ""; n = split($0, part, /, */)
  for (i = 1; i <= n; i++) { split(part[i], pair, /: */); if (pair[1] == "peer") peer = pair[2]; if (pair[1] == "threads") threads = pair[2]
    sub(/.*seconds: */, "", part[i]); split(part[i], pair, /: */); if (pair[1] ~ /^(read|customers|fit|apply|all|baskets|kmeans|churn|rules)$/ && pair[2] ~ /^[0-9.]+$/ && pair[2] ~ /\./) print peer, threads, pair[1], pair[2] } }' \
  | sort -k1,1 -k2,2n -k3,3 -k4,4n | awk '{k = $1 " " $2 " threads " $3; if (k != last && last) print last, value[int((n + 1) / 2)]; if (k != last) n = 0; value[++n] = $4; last = k}
    END {if (last) print last, value[int((n + 1) / 2)]}' | awk '{printf "  %-10s %s %-8s %-10s %8.3f\n", $1, $2, $3, $4, $5}'
