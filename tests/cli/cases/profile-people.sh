# A table of customers, not of transactions.
{ echo 'who,gender,age,visits'; for i in $(seq 200); do echo "p$i,$([ $((i % 3)) = 0 ] && echo f || echo m),$((18 + i * 7 % 50)),$((i % 5 + (i % 3 == 0) * 2))"; done; } > people.csv
$custmine profile --group gender=f --band-width round --adjust bh --format table people.csv | head -8
$custmine profile --group gender=f --bands 0 --format json people.csv
