cat > sales.csv <<'END'
invoice,customer,item,households
1,C1,tea,1.5
1,C1,milk,1.5
2,C1,tea,1.5
2,C1,milk,1.5
2,C1,milk,1.5
3,C2,tea,20
3,C2,jam,20
4,C3,milk,0.25
4,C3,tea,0.25
END
$custmine rules --weight households --support 3 --lift 0 --format csv sales.csv
$custmine rules --weight households --support 5% --lift 0 --format csv --table itemsets sales.csv
$custmine rules --weight households --support 3 --format csv --table diagnostics sales.csv
$custmine rules --weight households --support 3 --format csv --table repeats sales.csv
$custmine together --weight households --format csv sales.csv
sed 's/2,C1,milk,1.5/2,C1,milk,2.5/' sales.csv | $custmine rules --weight households -
sed 's/C2,jam,20/C2,jam,/' sales.csv | $custmine rules --weight households -
$custmine rules --weight households --significance 0.05 sales.csv
