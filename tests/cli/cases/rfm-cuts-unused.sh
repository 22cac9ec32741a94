printf 'dimension,score,from,to\n' > cuts.csv
$custmine rfm --cuts cuts.csv $data/good-sales.csv
