$generate 200 > shop.csv
$custmine rfm --on-error collect --as-of 2025-09-30 --output then.csv shop.csv
$custmine rfm --on-error collect --output now.csv shop.csv
$custmine migration --before then.csv --table migration now.csv | head -12
$custmine migration --save last.cm --table migration then.csv | wc -l
$custmine score last.cm --limit 12 now.csv
