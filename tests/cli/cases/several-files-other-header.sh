printf 'customer,date,amount\na,2011-01-01,5\n' > a.csv
printf 'customer,date,value\na,2011-01-01,5\n' > b.csv
$custmine rfm a.csv b.csv
