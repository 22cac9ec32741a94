printf 'i\000d\000\n\0001\000\n\000' > plain16.csv
"$custmine" describe plain16.csv
