printf 'customer,date,amount\na,03/04/2011,5\n' > dates.csv
$custmine describe dates.csv
