cat > sales.csv <<'END'
Customer,Invoice,Date,Item,Description,Quantity,Price
C1,1,2011-12-01,A,lamp,1,2.50
C1,1,2011-12-01,B,shade,2,1.00
C2,2,2011-12-02,B,shade,1,1.00
C2,2,2011-12-03,A,lamp,1,2.50
C1,3,2011-12-04,A,lamp,-1,2.50
,5,2011-12-06,A,lamp,1,2.50
END
# The same rules and the same audit as from the table of lines; a state knows no names of items.
plain() { "$custmine" rules --support 2 --confidence .5 --format csv "$@" sales.csv; }
plain | cut -d, -f1-8 > lines.csv
plain --stream | cut -d, -f1-8 | diff lines.csv - && cat lines.csv
plain --table audit > lines.csv
plain --stream --table audit | diff lines.csv - && cat lines.csv
"$custmine" rules --stream --support 2 --table itemsets --format csv - < sales.csv
plain --stream --level Description
plain --stream --layout columns
