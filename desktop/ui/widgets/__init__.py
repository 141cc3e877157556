"""Small parts that several screens are made of."""
