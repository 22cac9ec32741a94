$generate 60 > shop.csv
$custmine kmeans --on-error collect --k 3 --save kmeans.cm shop.csv > /dev/null
for table in tables options centroids scaling scaled_centroids; do $custmine show --table $table kmeans.cm; done
