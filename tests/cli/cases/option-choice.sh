$custmine customers --refunds maybe $data/good-sales.csv
