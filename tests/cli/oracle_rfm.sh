#!/usr/bin/env bash
# RFM scores against an independent statement in SQL, run by sqlite3: cell by cell, on the generated shop and, where it is, on real data.
set -eu
command -v sqlite3 > /dev/null || { echo "skipped: RFM against SQL (no sqlite3)"; exit 0; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

# Lines: customer, invoice (or the day), time, quantity, amount in thousandths. Refunds lower the money and are no purchase.
compare() { # NAME, standard input: CSV of those five columns; $work/ours.csv: the command's scores
  cat > "$work/lines.csv"
  rm -f "$work/db"
  sqlite3 -batch "$work/db" > "$work/theirs.csv" <<SQL
CREATE TABLE lines(customer TEXT, invoice TEXT, time TEXT, quantity INTEGER, amount INTEGER);
.mode csv
.import $work/lines.csv lines
CREATE TABLE customers AS
  SELECT customer,
         CAST(julianday((SELECT max(date(time)) FROM lines)) - julianday(max(CASE WHEN amount >= 0 AND quantity >= 0 THEN date(time) END)) AS INTEGER) AS recency,
         count(DISTINCT CASE WHEN amount >= 0 AND quantity >= 0 THEN invoice END) AS frequency, sum(amount) AS monetary
  FROM lines WHERE customer <> '' GROUP BY customer HAVING frequency > 0;
SELECT customer, recency, frequency, monetary,
       1 + (5 * (rank() OVER (ORDER BY recency DESC) - 1)) / (SELECT count(*) FROM customers),
       1 + (5 * (rank() OVER (ORDER BY frequency) - 1)) / (SELECT count(*) FROM customers),
       1 + (5 * (rank() OVER (ORDER BY monetary) - 1)) / (SELECT count(*) FROM customers)
  FROM customers ORDER BY customer;
SQL
  # Ours: money printed with its scale, here as thousandths.
  tail -n +2 "$work/ours.csv" | awk -F, -v OFS=, '{split($4, money, "."); sign = money[1] ~ /^-/ ? "-" : ""; sub(/^-/, "", money[1])
      thousandths = money[1] substr(money[2] "000", 1, 3); sub(/^0+/, "", thousandths); if (thousandths == "") thousandths = 0
      print $1, $2, $3, (thousandths == 0 ? "" : sign) thousandths, $5, $6, $7}' | LC_ALL=C sort > "$work/ours.sorted"
  tr -d '\r' < "$work/theirs.csv" | LC_ALL=C sort > "$work/theirs.sorted"
  cmp "$work/ours.sorted" "$work/theirs.sorted" || { diff "$work/ours.sorted" "$work/theirs.sorted" | head; return 1; }
  echo "cli: RFM of $1 equals SQL: $(wc -l < "$work/ours.sorted") customers"
}

# The other ways to cut, over the customers that compare left in the database. "$@": the command with its files.
compare_methods() { # NAME, COMMAND...
  local name=$1; shift
  "$@" --method nested --recency-scores 4 | tail -n +2 | awk -F, '{print $1 "|" $5 "|" $6 "|" $7}' > "$work/nested"
  "$@" --method pyramid --scores 4 | tail -n +2 | awk -F, '{print $1 "|" $5 "|" $6 "|" $7}' > "$work/pyramid"
  sqlite3 -batch "$work/db" > "$work/theirs" <<SQL
.mode list
WITH one AS (SELECT *, 1 + 4 * (rank() OVER (ORDER BY recency DESC) - 1) / count(*) OVER () AS r FROM customers),
     two AS (SELECT *, 1 + 5 * (rank() OVER (PARTITION BY r ORDER BY frequency) - 1) / count(*) OVER (PARTITION BY r) AS f FROM one)
SELECT customer, r, f, 1 + 5 * (rank() OVER (PARTITION BY r, f ORDER BY monetary) - 1) / count(*) OVER (PARTITION BY r, f)
  FROM two ORDER BY customer;
SQL
  cmp <(LC_ALL=C sort "$work/nested") <(LC_ALL=C sort "$work/theirs") || return 1
  sqlite3 -batch "$work/db" > "$work/theirs" <<SQL
.mode list
WITH paid AS (SELECT *, max(monetary, 0) AS money FROM customers),
     above AS (SELECT customer, (SELECT sum(money) FROM paid) AS total,
       sum(money) OVER (ORDER BY recency RANGE UNBOUNDED PRECEDING EXCLUDE GROUP) AS r,
       sum(money) OVER (ORDER BY frequency DESC RANGE UNBOUNDED PRECEDING EXCLUDE GROUP) AS f,
       sum(money) OVER (ORDER BY monetary DESC RANGE UNBOUNDED PRECEDING EXCLUDE GROUP) AS m FROM paid)
SELECT customer, max(1, 4 - 4 * coalesce(r, 0) / total), max(1, 4 - 4 * coalesce(f, 0) / total), max(1, 4 - 4 * coalesce(m, 0) / total)
  FROM above ORDER BY customer;
SQL
  cmp <(LC_ALL=C sort "$work/pyramid") <(LC_ALL=C sort "$work/theirs") || return 1
  echo "cli: nested and pyramid RFM of $name equal SQL: $(wc -l < "$work/theirs") customers"
}

# A shop written by the generator: no quoted commas outside the third column, which is left out here.
"$generate" 800 7 > "$work/shop.csv"
"$custmine" rfm --on-error collect "$work/shop.csv" > "$work/ours.csv"
grep -v '^90000[1-6],' "$work/shop.csv" | tail -n +2 | sed 's/"[^"]*"//' \
  | awk -F, -v OFS=, '{split($6, price, "."); print $7, $1, $5, $4, $4 * (price[1] * 100 + price[2]) * 10}' | compare "the generated shop"
compare_methods "the generated shop" "$custmine" rfm --on-error collect "$work/shop.csv"

if [ -r ../shared/data/online_retail.csv.gz ]; then
  "$custmine" rfm ../shared/data/online_retail.csv.gz > "$work/ours.csv"
  zcat ../shared/data/online_retail.csv.gz | tail -n +2 | sed 's/"[^"]*"//g' \
    | awk -F, -v OFS=, '{printf "%s,%s,%s,%s,%.0f\n", $7, $1, $5, $4, $4 * $6 * 1000}' | compare "online_retail"
  compare_methods "online_retail" "$custmine" rfm ../shared/data/online_retail.csv.gz
else
  echo "skipped: RFM of online_retail (../shared/data is not here)"
fi

if [ -r ../shared/data/cdnow/CDNOW_sample.txt ]; then
  "$custmine" rfm --delimiter blanks --no-header --customer 1 --date 3 --quantity 4 --amount 5 ../shared/data/cdnow/CDNOW_sample.txt > "$work/ours.csv"
  awk -v OFS=, '{split($5, money, "."); print $1, $3, substr($3, 1, 4) "-" substr($3, 5, 2) "-" substr($3, 7, 2), $4, money[1] * 1000 + money[2] * 10}' \
    ../shared/data/cdnow/CDNOW_sample.txt | compare "CDNOW"
  compare_methods CDNOW "$custmine" rfm --delimiter blanks --no-header --customer 1 --date 3 --quantity 4 --amount 5 ../shared/data/cdnow/CDNOW_sample.txt
  # Fader and Hardie's figures: 2,357 customers, 2,457 repeat days by 946 of them up to 30 September 1997.
  "$custmine" customers --as-of 1997-09-30 --delimiter blanks --no-header --customer 1 --date 3 --quantity 4 --amount 5 \
    ../shared/data/cdnow/CDNOW_sample.txt | awk -F, 'NR > 1 {n++; repeat += $6 - 1; again += $6 > 1} END {print n, repeat, again}' > "$work/cdnow"
  [ "$(cat "$work/cdnow")" = "2357 2457 946" ] || { echo "CDNOW: $(cat "$work/cdnow"), not 2357 2457 946"; exit 1; }
  echo "cli: CDNOW: 2357 customers, 2457 repeat days, 946 repeaters, as published"
else
  echo "skipped: RFM of CDNOW (../shared/data is not here)"
fi
