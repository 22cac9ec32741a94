$custmine --version
