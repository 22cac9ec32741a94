$generate 60 > shop.csv
$custmine describe --table audit shop.csv
