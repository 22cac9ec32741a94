: > empty.csv
$custmine rfm empty.csv
