$custmine show $data/bad-newer.cm
