$custmine rfm --save rfm.cm $data/good-sales.csv > /dev/null
head -c 300 rfm.cm > cut.cm
$custmine show cut.cm
