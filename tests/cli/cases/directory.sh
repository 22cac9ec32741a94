$custmine rfm .
