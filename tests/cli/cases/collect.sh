printf 'customer,date,amount\na,2011-01-01,5\nb,yesterday,5\nc,2011-01-03\n' > rows.csv
$custmine customers --on-error collect --rejects rejects.csv rows.csv && cat rejects.csv
$custmine customers --on-error collect --table audit rows.csv
