# Centres to start from, in the columns' own units; those of a saved model; and a file that lacks a column.
{ echo 'who,age,spend,visits'; for i in $(seq 90); do echo "p$i,$((20 + i % 3 * 20 + i * 7 % 9)),$((100 + i % 3 * 400 + i * 13 % 50)),$((1 + i % 4))"; done; } > people.csv
printf 'age,spend\n20,100\n40,500\n60,900\n' > centres.csv
$custmine kmeans --columns age,spend --centroids centres.csv --table centroids --save three.cm people.csv
$custmine kmeans --columns age,spend --centroids centres.csv --table diagnostics people.csv | cut -d, -f1,2,5-7
$custmine kmeans --columns age,spend --weight visits --centroids three.cm --table segments people.csv | cut -d, -f1-3
printf 'age\n20\n40\n' > short.csv
$custmine kmeans --columns age,spend --centroids short.csv people.csv
