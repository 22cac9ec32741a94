$custmine rfm $data/bad-cut.csv.gz
