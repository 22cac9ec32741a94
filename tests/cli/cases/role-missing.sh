printf 'name,when,amount\na,2011-01-01,5\n' > missing.csv
$custmine rfm missing.csv
