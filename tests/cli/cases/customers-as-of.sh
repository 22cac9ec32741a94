$generate 40 > shop.csv
$custmine customers --on-error collect --as-of 2024-12-31 --refunds drop --sort -money --limit 5 shop.csv
