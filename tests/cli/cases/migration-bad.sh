$custmine rfm --output now.csv $data/good-sales.csv
$custmine migration --before $data/good-sales.csv now.csv
cat now.csv now.csv | awk "NR != 3" > twice.csv
$custmine migration twice.csv
