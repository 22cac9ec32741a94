$generate 60 > shop.csv
$custmine kmeans --on-error collect --table segments shop.csv
