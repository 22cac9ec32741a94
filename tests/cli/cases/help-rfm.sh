$custmine rfm --help
