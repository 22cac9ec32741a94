$generate 8000 > shop.csv
for threads in 1 2 7; do $custmine rfm --on-error collect --threads $threads shop.csv | cksum; done | sort -u | wc -l
