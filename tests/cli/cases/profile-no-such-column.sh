$generate 30 > shop.csv
$custmine profile --on-error collect --group Colour=red shop.csv
