printf 'a,b,c\na,b\n' > baskets.csv
$custmine rules --layout baskets --support much baskets.csv
