$generate 60 > shop.csv
$custmine kmeans --on-error collect --k auto --k-range 2:6 --starts 2 --table diagnostics shop.csv
