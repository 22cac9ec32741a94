mkfifo pipe && ln -s there.csv link.csv && echo before > there.csv
cat pipe > through.csv &
$custmine rfm --quiet --output pipe $data/good-sales.csv
wait
[ -p pipe ] && wc -l < through.csv
$custmine rfm --quiet --output link.csv $data/good-sales.csv
[ -L link.csv ] && cmp through.csv there.csv && ls
