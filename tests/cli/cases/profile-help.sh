$custmine profile --help
