$generate 60 > shop.csv
$custmine rfm --on-error collect --table segments --format table shop.csv
