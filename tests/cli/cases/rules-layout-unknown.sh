$custmine rules --layout rows tests/data/good-sales.csv
