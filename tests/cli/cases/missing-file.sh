$custmine rfm nowhere.csv
