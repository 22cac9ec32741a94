$custmine kmeans --help
