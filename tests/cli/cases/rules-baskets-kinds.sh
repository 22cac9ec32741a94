printf 'Invoice,Item\n1,tea\n1,milk\n2,milk\n2,tea\n3,jam\n' > plain.csv
$custmine rules --support 1 plain.csv
$custmine rules --support 1 --table audit plain.csv
cat > days.csv <<'END'
Customer,Date,Item,Category,Quantity
C1,2011-12-01,tea,drinks,1
C1,2011-12-03,milk,drinks,1
C1,2011-12-08,jam,food,1
C1,2011-12-09,bread,food,2
C2,2011-12-01,tea,drinks,1
C2,2011-12-02,jam,food,1
C2,2011-12-02,milk,drinks,-1
END
for kind in day window customer; do $custmine rules --basket $kind --support 1 --table itemsets days.csv; done
$custmine rules --basket customer --level Category --support 1 --confidence 0 --lift 0 days.csv
$custmine rules --basket window --window 8 --support 1 --table itemsets days.csv
$custmine rules --basket customer --table audit --support 1 days.csv
printf 'id,tea,milk,jam\n7,1,1,0\n8,1,1,1\n9,0,,1\n' > columns.csv
$custmine rules --layout columns --invoice id --support 2 columns.csv
$custmine rules --layout columns --invoice id --support 2 --max-basket 2 --table audit columns.csv
printf 'id,tea,milk\n7,1,1\n8,2,1\n' > columns.csv
$custmine rules --layout columns --invoice id --support 1 columns.csv
printf 'id,tea,city\n7,1,Oslo\n' > columns.csv
$custmine rules --layout columns --invoice id --support 1 columns.csv
printf 'a,b\na,b,c\na\n' > baskets.csv
$custmine rules --layout baskets --support 1 --max-basket 2 --table audit baskets.csv
$custmine rules --layout baskets --support 1 --baskets known baskets.csv
printf 'Item\ntea\n' > nothing.csv
$custmine rules --support 1 nothing.csv
