cat > sales.csv <<'END'
Customer,Invoice,Date,Item,Amount
C1,1,2011-12-01,tea,1
C1,1,2011-12-01,milk,1
C1,2,2011-12-02,tea,1
C1,2,2011-12-02,milk,1
C1,2,2011-12-02,jam,1
C2,3,2011-12-02,tea,1
C2,3,2011-12-02,milk,1
C3,4,2011-12-03,jam,1
C3,4,2011-12-03,rum,1
C4,5,2011-12-03,jam,1
C4,5,2011-12-03,tea,1
C4,5,2011-12-03,milk,1
C5,6,2011-12-04,rum,1
C6,7,2011-12-04,tea,1
C6,7,2011-12-04,milk,1
END
$custmine rules --support 2 --max-consequent 2 --no-redundant sales.csv
$custmine rules --support 1 --lift 0 --significance 1 --adjust bonferroni --interval 0.95 sales.csv
$custmine rules --support 2 --min-customers 3 sales.csv
$custmine rules --support 1 --validate 0.25 --validate-by date sales.csv
$custmine rules --support 1 --validate 0.25 --table diagnostics sales.csv
