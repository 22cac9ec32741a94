printf '%s\n' id,income a,15 b,15 c,16 d,15 > table.csv
$custmine kmeans --columns incme --k 3 table.csv
