printf 'customer,date,amount\na,2011-01-01,9000000000000000000\na,2011-01-02,9000000000000000000\n' > rows.csv
$custmine customers rows.csv
