$generate 60 > shop.csv
$custmine kmeans --on-error collect shop.csv
