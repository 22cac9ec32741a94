$custmine rfm --refund keep $data/good-sales.csv
