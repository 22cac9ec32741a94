$custmine
