# The assignments and the model: two checksums, whatever the threads.
$generate 8000 > shop.csv
for threads in 1 2 7; do $custmine kmeans --on-error collect --threads $threads --save $threads.cm shop.csv | cksum; cksum < $threads.cm; done | sort -u | wc -l
