# sep= line, decimal comma, points between thousands, amounts as accountants write them, months by name
printf 'sep=;\r\nKunde;Order Date;Amount\r\nA;9 Dec 2011;1.234,50 EUR\r\nB;31-JAN-2011;(12,00)\r\n' > excel.csv
"$custmine" describe --decimal , --thousands . --amounts accounting --customer Kunde --format csv excel.csv
"$custmine" customers --decimal , --thousands . --amounts accounting --customer Kunde --format csv excel.csv
