"""The road: what is saved here, what has reached the centre, whether both are equal."""
