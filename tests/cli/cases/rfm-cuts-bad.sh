printf 'dimension,score,from,to\nrecency,2,,30\nrecency,3,,40\nfrequency,2,2,\nmonetary,2,20.50,\n' > cuts.csv
$custmine rfm --method fixed --cuts cuts.csv $data/good-sales.csv
