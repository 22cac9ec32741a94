folder=$(dirname "$custmine")
$generate 60 | grep -v '^90000[1-6],' > night.csv
$folder/embed_rfm night.csv
$folder/embed_orders state.cm night.csv
$folder/embed_orders state.cm night.csv
echo $?
