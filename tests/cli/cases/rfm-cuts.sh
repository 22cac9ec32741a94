$generate 60 > shop.csv
$custmine rfm --on-error collect --table cuts --scores 3 shop.csv
