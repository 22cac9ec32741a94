$generate 60 > shop.csv
$custmine rfm --on-error collect --table cuts --method nested --scores 2 shop.csv
