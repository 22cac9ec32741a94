$custmine customers $data/good-sales.csv
