printf 'customer,date,amount\n=1+1,2011-01-01,5\n-2,2011-01-01,-5\n' > sales.csv
$custmine customers sales.csv | cut -d, -f1,10
$custmine customers --raw sales.csv | cut -d, -f1,10
