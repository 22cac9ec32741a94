printf 'a,b,c\na,b\na,c\nb,c\na,b,c\n' > baskets.csv
$custmine rules --layout baskets --support 2 --lift 0 --right c --by lift --top 2 baskets.csv
$custmine rules --layout baskets --support 2 --lift 0 --left a,b --exclude c --by confidence baskets.csv
$custmine rules --layout baskets --support 2 --lift 0 --max-length 1 --table itemsets --itemsets maximal baskets.csv
