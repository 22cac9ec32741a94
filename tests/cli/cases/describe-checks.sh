$generate 300 > shop.csv
$custmine describe --table checks shop.csv
# Ids with a point, a mirrored refund, a price of zero, an open month and a date far behind the others; no trouble with a file that has no roles.
cat > odd.csv <<END
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID
1,10A,Lamp,2,2011-01-03,5.00,17.0
1,10A,Red lamp,2,2011-01-03,5.00,17.0
C2,10A,Lamp,-2,2011-01-05,5.00,17.0
3,11,Tea,0.5,2011-01-06,2.00,18.0
3,11,Tea,3,2011-01-06,2.00,18.0
4,12,Gift,1,2011-01-08,0.00,
5,POST,Postage,1,2012-01-09,4.95,18.0
5,POST,Postage,1,2012-01-09,4.95,18.0
6,B,Adjust bad debt,1,2011-01-07,-11.00,
END
$custmine describe --table checks --format json --raw odd.csv
printf 'a,b\n1,2\n3,4\n' > plain.csv
$custmine describe --table checks plain.csv
