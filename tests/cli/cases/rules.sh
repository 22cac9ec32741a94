printf 'bread,butter\nbread,butter,jam\nbread\nbutter,bread\njam\n' > baskets.csv
$custmine rules --layout baskets --support 2 baskets.csv
