"""How Vietnamese input methods type, recorded from a real engine or modelled, and replayed into every text field."""
