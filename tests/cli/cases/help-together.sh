$custmine together --help
