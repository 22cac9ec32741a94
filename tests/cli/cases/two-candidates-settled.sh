printf 'customer_id,client,date,amount\na,b,2011-01-01,5\n' > two.csv
$custmine customers --customer client two.csv
