printf 'a,b,c\na,b\n' > baskets.csv
$custmine rules --layout baskets --support 1 --right tea baskets.csv
