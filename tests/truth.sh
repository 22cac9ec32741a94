#!/usr/bin/env bash
# Published figures beside ours: source, figure, published, ours, difference. A figure that is off to its last published digit fails.
# Usage: tests/truth.sh BUILD_FOLDER. The data lie in ../shared/data; without them there is nothing to compare.
set -u
custmine=$(realpath "$1")/custmine shared=../shared/data failed=0 count=0
[ -d $shared ] || { echo "skipped: published figures (../shared/data is not here)"; exit 0; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# figure SOURCE NAME PUBLISHED OURS [RELATIVE]: equal to the last digit that was published; or, where an optimiser of limited
# precision stands behind the published figure, within a part of it.
figure() {
  count=$((count + 1))
  awk -v source="$1" -v name="$2" -v published="$3" -v ours="$4" -v relative="${5:-0}" 'BEGIN {
    places = index(published, ".") ? length(published) - index(published, ".") : 0
    difference = ours - published; size = difference < 0 ? -difference : difference
    room = relative * (published < 0 ? -published : published); digit = 0.5000001 * 10 ^ -places
    fine = ours != "" && size <= (room > digit ? room : digit)
    printf "%-22s %-34s %18s %18s %10.2g  %s\n", source, name, published, sprintf("%.*f", places, ours), difference, fine ? "" : "OFF"
    exit !fine }' || failed=$((failed + 1))
}
column() { awk -F, -v name="$2" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == name) c = i; next} {print $c}' "$1"; }
cell() { # FILE KEYCOLUMN KEY COLUMN
  awk -F, -v key="$2" -v value="$3" -v name="$4" 'NR == 1 {for (i = 1; i <= NF; i++) {if ($i == key) k = i; if ($i == name) c = i} next} $k == value {print $c}' "$1"
}
sum() { awk '{s += $1} END {printf "%.6f\n", s}'; }

printf '%-22s %-34s %18s %18s %10s\n' source figure published ours difference

# UCI Online Retail (id 352)
retail=$shared/online_retail.csv.gz
"$custmine" describe --raw "$retail" > "$work/columns"; "$custmine" describe --table audit "$retail" > "$work/audit"
figure "UCI Online Retail" "rows" 541909 "$(cell "$work/audit" reason kept rows)"
figure "UCI Online Retail" "sum of quantity x price" 9747747.934 "$(cell "$work/audit" reason kept money)"
figure "UCI Online Retail" "customers" 4372 "$(cell "$work/columns" column CustomerID distinct)"
figure "UCI Online Retail" "rows without customer" 135080 "$(cell "$work/columns" column CustomerID absent)"
figure "UCI Online Retail" "invoices" 25900 "$(cell "$work/columns" column InvoiceNo distinct)"
figure "UCI Online Retail" "stock codes" 4070 "$(cell "$work/columns" column StockCode distinct)"
figure "UCI Online Retail" "countries" 38 "$(cell "$work/columns" column Country distinct)"
figure "UCI Online Retail" "empty descriptions" 1454 "$(cell "$work/columns" column Description absent)"
"$custmine" customers "$retail" > "$work/customers"
figure "UCI Online Retail" "customers without a purchase" 33 "$(column "$work/customers" invoices | grep -c '^0$')"
figure "UCI Online Retail" "money of known customers" 8300065.814 "$(column "$work/customers" money | sum)"
figure "UCI Online Retail" "refunds of known customers" -611342.090 "$(column "$work/customers" refunds | sum)"

# Fader & Hardie, CDNOW sample
cdnow=(--delimiter blanks --no-header --customer 1 --date 3 --quantity 4 --amount 5 $shared/cdnow/CDNOW_sample.txt)
"$custmine" customers --as-of 1997-09-30 "${cdnow[@]}" > "$work/cdnow"
figure "CDNOW, calibration" "customers" 2357 "$(column "$work/cdnow" customer | wc -l)"
figure "CDNOW, calibration" "repeat days" 2457 "$(column "$work/cdnow" purchase_days | awk '{s += $1 - 1} END {print s}')"
figure "CDNOW, calibration" "repeaters" 946 "$(column "$work/cdnow" purchase_days | awk '$1 > 1 {n++} END {print n}')"
bg=(churn --columns frequency,recency,T --unit week $shared/cdnow/cdnow_customers_summary.csv)
"$custmine" "${bg[@]}" --table parameters > "$work/bg"; "$custmine" "${bg[@]}" --table diagnostics > "$work/fit"
paper="Fader et al. 2005"
figure "$paper" "BG/NBD r" .243 "$(cell "$work/bg" name r value)"
figure "$paper" "BG/NBD alpha" 4.414 "$(cell "$work/bg" name alpha value)"
figure "$paper" "BG/NBD a" .793 "$(cell "$work/bg" name a value)"
figure "$paper" "BG/NBD b" 2.426 "$(cell "$work/bg" name b value)"
figure "$paper" "BG/NBD log-likelihood" -9582.4 "$(cell "$work/fit" code CHURN_LOG_LIKELIHOOD value)"
figure "lifetimes" "BG/NBD r, to 1e-5" .2425928 "$(cell "$work/bg" name r value)" 1e-5
figure "lifetimes" "BG/NBD alpha, to 1e-5" 4.4135296 "$(cell "$work/bg" name alpha value)" 1e-5
figure "lifetimes" "BG/NBD a, to 1e-5" .7928866 "$(cell "$work/bg" name a value)" 1e-5
figure "lifetimes" "BG/NBD b, to 1e-5" 2.4257547 "$(cell "$work/bg" name b value)" 1e-5
figure "lifetimes" "BG/NBD log-likelihood" -9582.42556 "$(cell "$work/fit" code CHURN_LOG_LIKELIHOOD value)"

for more in tests/truth_*.sh; do [ -e "$more" ] && . "./$more"; done
echo "$count figures, $failed off"
[ $failed = 0 ]
