$generate 60 > shop.csv
$custmine customers --on-error collect --rhythm --before-days 90 --limit 15 shop.csv
