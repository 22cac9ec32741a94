printf 'customer,date,amount\na,2011-01-01,5\nb,yesterday,5\n' > rows.csv
$custmine rfm --output scores.csv --save rfm.cm rows.csv
status=$?
ls
exit $status
