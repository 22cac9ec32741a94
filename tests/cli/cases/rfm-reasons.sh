$custmine rfm --table reasons $data/good-sales.csv
