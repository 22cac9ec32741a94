$custmine rfm --save rfm.cm $data/good-sales.csv > /dev/null
$custmine show --table nothing rfm.cm
