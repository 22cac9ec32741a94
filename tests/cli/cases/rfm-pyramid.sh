$generate 60 > shop.csv
$custmine rfm --on-error collect --table pyramid shop.csv
