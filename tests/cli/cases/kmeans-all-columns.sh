"$custmine" kmeans --columns all --weight w --k 2 --table centroids --format csv - <<'END'
customer,day,size,w,name,money
7,2024-01-01,1,1,a,2.50
9,2024-01-02,2,3,b,3.50
8,2024-03-01,9,1,c,9.25
5,2024-03-05,8,1,d,9.75
END
