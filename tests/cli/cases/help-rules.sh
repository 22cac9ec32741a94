$custmine rules --help
