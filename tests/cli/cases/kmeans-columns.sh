# A table of customers as it is, with a value missing; the model takes the same columns again.
printf '%s\n' id,income,score a,15,39 b,15,81 c,16,6 d,120,79 e,126, f,126,28 g,137,18 > table.csv
$custmine kmeans --columns income,score --k 3 --missing median --save kmeans.cm table.csv > fitted.csv && cat fitted.csv
$custmine score kmeans.cm table.csv | cmp - fitted.csv && test -s fitted.csv && echo same
$custmine kmeans --columns income,score --k 3 --missing median --table segments table.csv
