$generate 300 > shop.csv
$custmine demo shop.csv
