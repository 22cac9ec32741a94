$generate 60 > shop.csv
$custmine kmeans --on-error collect --table reasons --limit 6 shop.csv
