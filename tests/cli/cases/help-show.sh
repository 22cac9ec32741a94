$custmine show --help
