printf 'user,timestamp,amount\n1,1323419160,5\n2,1323505560,7.5\n' > log.csv
"$custmine" describe --date-order unix --format csv log.csv
