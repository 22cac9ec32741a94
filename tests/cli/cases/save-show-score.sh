$generate 60 > shop.csv
$custmine rfm --on-error collect --save rfm.cm shop.csv > fitted.csv
$custmine score --on-error collect rfm.cm shop.csv > scored.csv
cmp fitted.csv scored.csv && $custmine show rfm.cm && $custmine show --table options rfm.cm
$custmine rfm --on-error collect --save again.cm --threads 1 shop.csv > /dev/null && cmp rfm.cm again.cm
