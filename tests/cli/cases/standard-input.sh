# one pass, straight into orders: the same customers, scores, audit and rejects as from the file
"$generate" 300 > shop.csv
for table in customers audit; do
  "$custmine" customers --on-error collect --rejects a.csv --quiet --format csv --table $table shop.csv > file.csv
  "$custmine" customers --on-error collect --rejects b.csv --quiet --format csv --table $table - < shop.csv > stream.csv
  cmp file.csv stream.csv
done
sed 1q a.csv
sed "s/^shop.csv/'-/" a.csv | cmp - b.csv
"$custmine" rfm --on-error collect --table audit --stream --batch-rows 100 shop.csv
"$custmine" customers --format csv shop.csv --on-error collect > customers.csv
"$custmine" rfm --format csv - < customers.csv | sed 3q
