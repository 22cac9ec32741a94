$custmine --help
