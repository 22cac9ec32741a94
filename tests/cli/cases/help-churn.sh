$custmine churn --help
