$custmine rfm --scores 99 $data/good-sales.csv
