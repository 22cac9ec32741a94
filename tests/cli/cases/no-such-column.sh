$custmine rfm --customer Kunde $data/good-sales.csv
