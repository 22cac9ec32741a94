# Association rules and itemsets: arules' Groceries, FIMI's mushroom, IBM Quest; online_retail by invoice and stock code.
rules_of() { "$custmine" rules --layout baskets --lift 0 "$@" | tail -n +2 | wc -l; }
sets_of() { "$custmine" rules --layout baskets --table itemsets "$@" | tail -n +2 | wc -l; }
groceries=$shared/baskets/groceries.csv mushroom=$shared/baskets/mushroom.dat quest=$shared/baskets/T10I4D100K.dat.gz
figure "arules Groceries" "rules at .001 / .5" 5668 "$(rules_of --support 0.001 --confidence .5 $groceries)"
figure "arules Groceries" "rules at .001 / .8" 410 "$(rules_of --support 0.001 --confidence .8 $groceries)"
figure "arules Groceries" "rules at .006 / .25" 463 "$(rules_of --support 0.006 --confidence .25 $groceries)"
figure "arules Groceries" "rules at .01 / .2" 231 "$(rules_of --support 0.01 --confidence .2 $groceries)"
figure "FIMI mushroom" "frequent at 2031" 5545 "$(sets_of --support 2031 $mushroom)"
figure "FIMI mushroom" "closed at 2031" 688 "$(sets_of --support 2031 --itemsets closed $mushroom)"
figure "FIMI mushroom" "maximal at 2031" 105 "$(sets_of --support 2031 --itemsets maximal $mushroom)"
figure "IBM Quest T10I4D100K" "frequent at 1000" 385 "$(sets_of --support 1000 $quest)"
figure "IBM Quest T10I4D100K" "frequent at 500" 1073 "$(sets_of --support 500 $quest)"
"$custmine" rules --support 0.01 --confidence .5 --table diagnostics "$retail" > "$work/rules"
figure "UCI Online Retail" "baskets" 20726 "$(cell "$work/rules" name baskets value)"
figure "UCI Online Retail" "itemsets at .01" 1840 "$(cell "$work/rules" name itemsets value)"
figure "UCI Online Retail" "rules at .01 / .5" 775 "$(cell "$work/rules" name rules value)"
"$custmine" rules --support 0.01 --confidence .5 --lift 0 --baskets known --table diagnostics "$retail" > "$work/rules"
figure "UCI Online Retail" "rules at .01 / .5, known customers" 313 "$(cell "$work/rules" name rules value)"
printf 'a,b,c\na,b\na,b,d\nb,e\na,c\nc,e\na,b,d,e\n' > "$work/micro.csv"
micro() { rules_of --support 25% --confidence 0 --empty-antecedent "$@" "$work/micro.csv"; }
figure "Borgelt's micro set" "rules at 25%" 18 "$(micro)"
figure "Borgelt's micro set" "rules with consequent a or b" 6 "$(micro --left c,d,e --right a,b)"
figure "Borgelt's micro set" "rules from a, b to c" 2 "$(micro --left a,b --right c)"
# The customers behind one of the strongest pairs, two colours of a cushion cover, counted in the file by hand too.
pair() { "$custmine" rules --support 40 --confidence .5 --include 21926,21927 "$@" "$retail" --format csv > "$work/pair"; }
pair
both=$(cell "$work/pair" antecedent 21926 count) share=$(cell "$work/pair" antecedent 21926 largest_share)
figure "UCI Online Retail" "baskets with both cushion covers" 40 "$both"
figure "UCI Online Retail" "of these of one customer" 14 "$(awk "BEGIN { print $share * $both }")"
figure "UCI Online Retail" "customers behind the pair" 24 "$(cell "$work/pair" antecedent 21926 customers)"
pair --min-customers 24
figure "UCI Online Retail" "rules of the pair by 24 customers" 1 "$(tail -n +2 "$work/pair" | wc -l)"
pair --min-customers 25
figure "UCI Online Retail" "rules of the pair by 25 customers" 0 "$(tail -n +2 "$work/pair" | wc -l)"
