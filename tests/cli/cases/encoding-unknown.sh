printf 'id,name\n1,Anna\n2,Caf\351 \200\n' > latin.csv
"$custmine" describe latin.csv
