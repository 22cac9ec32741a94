printf 'segment,r_from,r_to\nlapsed,1,2\nhere,4,5\n' > segments.csv
$custmine rfm --segments segments.csv $data/good-sales.csv
