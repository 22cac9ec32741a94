$custmine score --help
