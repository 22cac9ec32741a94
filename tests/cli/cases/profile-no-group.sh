$generate 30 > shop.csv
$custmine profile --on-error collect shop.csv
