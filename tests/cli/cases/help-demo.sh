$custmine demo --help
