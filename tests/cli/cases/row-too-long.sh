printf 'customer,date,amount\na,2011-01-01,5\nb,2011-01-02,5,6\n' > rows.csv
$custmine rfm rows.csv
