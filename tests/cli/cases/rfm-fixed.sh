printf 'dimension,score,from,to\nrecency,2,,30\nrecency,1,,\nfrequency,2,2,\nmonetary,2,20.50,\nmonetary,3,100,\n' > cuts.csv
$custmine rfm --method fixed --cuts cuts.csv --monetary-weight 2 $data/good-sales.csv
$custmine rfm --method fixed --cuts cuts.csv --table cuts $data/good-sales.csv
$custmine rfm --method fixed --cuts cuts.csv --table diagnostics $data/good-sales.csv
