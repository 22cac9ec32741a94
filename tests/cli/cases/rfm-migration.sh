$generate 300 > shop.csv
$custmine rfm --on-error collect --table migration --format table shop.csv
$custmine rfm --on-error collect --table changes --format table --limit 12 shop.csv
$custmine rfm --on-error collect --table golden --limit 6 shop.csv
