printf 'bread butter\nbread butter jam\nbread\nbutter bread\njam butter\n' > baskets.dat
printf 'bread\ntea bread butter\njam\n' > today.dat
$custmine rules --layout baskets --support 20% --save rules.cm --table diagnostics baskets.dat
$custmine show --table rules rules.cm
$custmine score --layout baskets rules.cm today.dat
$custmine score --layout baskets --table audit --format json rules.cm today.dat
