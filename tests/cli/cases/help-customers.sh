$custmine customers --help
