$custmine kmeans --k several $data/good-sales.csv
