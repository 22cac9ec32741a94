$custmine rfm --table cust $data/good-sales.csv
