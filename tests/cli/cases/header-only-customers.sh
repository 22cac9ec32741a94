$custmine customers $data/good-header-only.csv
