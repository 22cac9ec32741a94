$custmine customers $data/good-sales.csv --as-of
