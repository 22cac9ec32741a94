$custmine rules --layout columns tests/data/good-sales.csv
