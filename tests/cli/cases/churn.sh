$generate 60 > shop.csv
$custmine churn --on-error collect --sort -churn_risk --limit 12 shop.csv
