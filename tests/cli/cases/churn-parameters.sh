$generate 300 > shop.csv
$custmine churn --on-error collect --table parameters shop.csv
$custmine churn --on-error collect --table diagnostics shop.csv
