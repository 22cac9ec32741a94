cat > sales.csv <<'END'
Customer,Invoice,Date,Item,Description,Quantity,Price
C1,1,2011-12-01,A,lamp,1,2.50
C1,1,2011-12-01,B,shade; red,2,1.00
C2,2,2011-12-02,B,shade; red,1,1.00
C2,2,2011-12-03,A,lamp,1,2.50
C2,2,2011-12-03,C,,1,0.50
C1,3,2011-12-04,A,lamp,-1,2.50
C1,4,2011-12-05,A,LAMP,1,2.50
,5,2011-12-06,A,lamp,1,2.50
,5,2011-12-06,B,shade; red,1,1.00
END
$custmine rules --support 40% --confidence 0.6 sales.csv
$custmine rules --support 2 --lift 0 --baskets known --table itemsets --itemsets closed sales.csv
$custmine rules --support 2 --lift 0 --confidence 0 --table key_items sales.csv
$custmine rules --support 1 --table audit sales.csv
