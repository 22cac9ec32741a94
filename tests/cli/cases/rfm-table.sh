$generate 60 > shop.csv
$custmine rfm --on-error collect --format table --sort -monetary --limit 10 shop.csv
