$custmine rmf $data/good-sales.csv
