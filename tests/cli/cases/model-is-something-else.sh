$custmine show $data/good-sales.csv
