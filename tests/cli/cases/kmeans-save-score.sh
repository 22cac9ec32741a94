$generate 60 > shop.csv
$custmine kmeans --on-error collect --save kmeans.cm shop.csv > fitted.csv
$custmine score --on-error collect kmeans.cm shop.csv | cmp - fitted.csv && test -s fitted.csv && echo same
