$generate 60 > shop.csv
$custmine cohorts --on-error collect --as-of 2024-06-30 shop.csv | head -20
$custmine cohorts --on-error collect --format table --limit 8 shop.csv
