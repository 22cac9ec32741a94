$custmine describe --help
