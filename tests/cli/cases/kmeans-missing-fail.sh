printf '%s\n' id,income,score a,15,39 b,15,81 c,16, d,120,79 > table.csv
$custmine kmeans --columns income,score --k 2 --missing fail table.csv
