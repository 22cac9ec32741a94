$generate 60 > shop.csv
$custmine describe shop.csv
