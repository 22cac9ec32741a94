cat > sales.csv <<'END'
Customer,Invoice,Date,Item,Brand,Amount
C1,1,2011-12-01,wine,Oak,90
C1,1,2011-12-01,cheese,Alp,5
C1,2,2011-12-05,cheese,Alp,5
C2,3,2011-12-01,bread,Mill,3
C2,3,2011-12-01,wine,Oak,20
C3,4,2011-12-02,bread,Mill,3
C4,5,2011-12-02,bread,Mill,3
C4,5,2011-12-02,jam,Mill,4
END
$custmine rules --table key_items --support 1 sales.csv
$custmine rules --table key_items --support 1 --level Brand --best 0.5 sales.csv
$custmine rules --table concentration --group Brand --support 1 sales.csv
printf 'Invoice,Item\n1,a\n' > plain.csv
$custmine rules --table key_items --support 1 plain.csv
