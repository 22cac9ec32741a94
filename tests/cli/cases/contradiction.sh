printf 'customer,date,quantity,amount\na,2011-01-01,2,5\na,2011-01-02,-1,5\n' > rows.csv
$custmine customers rows.csv
