printf 'a,b\na,b\n' > baskets.csv
$custmine rules --layout baskets --support 1 --table reasons baskets.csv
