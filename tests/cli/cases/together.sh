cat > sales.csv <<'END'
Customer,Invoice,Date,Item,Description,Amount
C1,1,2011-12-01,A,lamp,1
C1,1,2011-12-01,B,shade,1
C2,2,2011-12-02,A,lamp,1
C2,2,2011-12-02,B,shade,1
C2,2,2011-12-02,C,,1
C3,3,2011-12-02,A,lamp,1
C3,3,2011-12-02,C,,1
C4,4,2011-12-03,D,bulb,1
END
$custmine together sales.csv
$custmine together --by jaccard --shrink 2 --top 1 --min-count 2 sales.csv
$custmine together --table diagnostics sales.csv
$custmine together --validate 0.7 --validate-by date --recommend 2 --table evaluation sales.csv
$custmine together --save near.cm --quiet sales.csv > /dev/null
$custmine score near.cm sales.csv
$custmine together --min-count 0 sales.csv
