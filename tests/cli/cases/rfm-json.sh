$custmine rfm --format json $data/good-sales.csv
