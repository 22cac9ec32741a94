$generate 60 > shop.csv
$custmine rfm --on-error collect --method pyramid --scores 4 --save rfm.cm --output first.csv shop.csv
$custmine rfm --on-error collect --method fixed --cuts rfm.cm --segments rfm.cm shop.csv | cmp - first.csv && echo the same
$custmine rfm --on-error collect --table diagnostics --scores 10 --format table shop.csv
