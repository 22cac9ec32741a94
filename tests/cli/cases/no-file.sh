$custmine rfm
