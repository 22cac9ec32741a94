$custmine rfm $data/good-header-only.csv
