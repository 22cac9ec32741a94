printf 'customer,invoice,date,item,amount\na,1,2011-01-01,x,5\na,1,2011-01-01,y,6\nb,2,2011-01-02,x,5\nb,2,2011-01-02,y,6\nb,3,2011-01-03,z,1\n' > sales.csv
printf 'code,name,category\nx,Teapot,Tea\ny,Teacup,Tea\nw,Saucer,Tea\n' > items.csv
$custmine rules --support 2 --items items.csv sales.csv
$custmine rules --support 2 --items items.csv --table audit sales.csv
$custmine customers --items items.csv --table audit sales.csv
