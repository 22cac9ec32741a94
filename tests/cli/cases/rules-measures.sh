printf 'a,b,c\na,b\na,b,d\nb,e\na,c\nc,e\na,b,d,e\n' > baskets.csv
$custmine rules --layout baskets --support 1 --lift 0 --confidence 0 --measures all --by fisher_p --top 3 --format json baskets.csv
$custmine rules --layout baskets --support 2 --measures phi,zhang --by odds_ratio --where 'lift>1.1,phi>=0.3' baskets.csv
$custmine rules --layout baskets --support 1 --where 'lift=2' baskets.csv
$custmine rules --layout baskets --support 1 --measures lft baskets.csv
