$custmine customers --as-of 31.12.2011 $data/good-sales.csv
