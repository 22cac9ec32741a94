$generate 300 > shop.csv
$custmine profile --on-error collect --group 'money>=1000' --only invoices,money,recency_days,lines,first --limit 6 shop.csv
$custmine profile --on-error collect --group StockCode=20583 --table group shop.csv
$custmine rfm --on-error collect --save rfm.cm --output scores.csv shop.csv
$custmine profile --on-error collect --model rfm.cm --group segment=Champions --band-width round --format table --limit 12 shop.csv
echo 'customer' > list.csv
head -40 scores.csv | tail -n +2 | cut -d, -f1 >> list.csv
$custmine profile --on-error collect --members list.csv --table attributes --save profile.cm shop.csv
$custmine score profile.cm --on-error collect --table group shop.csv
