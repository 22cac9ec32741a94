printf 'segment,r_from,r_to\nlapsed,1,2\nhere,3,5\n' > segments.csv
$custmine rfm --segments segments.csv --table segments $data/good-sales.csv
