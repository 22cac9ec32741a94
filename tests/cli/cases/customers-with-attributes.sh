printf 'id,city\nC1,Ulm\nnobody,Bonn\n' > people.csv
printf 'customer,date,amount\nC1,2011-01-01,5\nC2,2011-01-02,6.5\n' > sales.csv
$custmine customers --customers people.csv sales.csv
