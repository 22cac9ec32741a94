# the same table from four encodings
printf 'id,name\n1,Caf\303\251\n' > utf8.csv
printf '\357\273\277id,name\n1,Caf\303\251\n' > bom.csv
printf 'id,name\n1,Caf\351\n' > latin.csv
printf '\377\376i\000d\000,\000n\000a\000m\000e\000\n\0001\000,\000C\000a\000f\000\351\000\n\000' > utf16.csv
for f in utf8.csv bom.csv utf16.csv; do "$custmine" describe --format csv $f | md5sum; done
"$custmine" describe --format csv --encoding windows-1252 latin.csv | md5sum
"$custmine" describe --encoding windows-1252 latin.csv
