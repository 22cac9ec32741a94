$generate 300 > shop.csv
$custmine rfm --on-error collect --memory-limit 200KB shop.csv 2> said
status=$?
grep -o 'would pass the memory limit of 204800 bytes' said
exit $status
