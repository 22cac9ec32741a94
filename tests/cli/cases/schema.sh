# taken from one file, saved, used for the next: its dates are read as the first one's were, whatever they are
printf 'client,order date,amount\nA,31/12/2010,1.50\n' > december.csv
printf 'client,order date,amount\nA,01/02/2011,2\nB,02/02/2011,3.25\n' > february.csv
"$custmine" describe --table schema --format json --output schema.json december.csv
cat schema.json
"$custmine" describe --table columns --format csv february.csv
"$custmine" customers --schema schema.json --format csv february.csv
"$custmine" customers --schema schema.json --format jsonl - < february.csv
printf 'client,order date,amount\nA,12/31/2011,2\n' > december.csv
"$custmine" customers --schema schema.json december.csv
