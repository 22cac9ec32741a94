printf 'customer,date,amount\na,03/04/2011,5\nb,05/06/2011,5\n' > dates.csv
$custmine customers --date-order mdy dates.csv
