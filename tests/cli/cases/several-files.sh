head -4 $data/good-sales.csv > a.csv
(head -1 $data/good-sales.csv; tail -n +5 $data/good-sales.csv) > b.csv
$custmine rfm a.csv b.csv > two.csv && $custmine rfm $data/good-sales.csv > one.csv && cmp one.csv two.csv
$custmine rfm - < $data/good-sales.csv | cmp - one.csv
gzip -c $data/good-sales.csv | $custmine rfm - | cmp - one.csv && echo same
