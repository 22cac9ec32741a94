printf 'a,b,c\na,b\n' > baskets.csv
$custmine rules --layout baskets --support 0.001 baskets.csv
