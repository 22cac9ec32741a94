$custmine rfm --save rfm.cm $data/good-sales.csv > /dev/null
printf 'X' | dd of=rfm.cm bs=1 seek=400 conv=notrunc 2> /dev/null
$custmine score rfm.cm $data/good-sales.csv
