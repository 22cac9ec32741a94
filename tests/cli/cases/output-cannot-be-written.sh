$custmine rfm --output nowhere/scores.csv $data/good-sales.csv
