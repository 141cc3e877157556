"""What leaves the program at a person's wish: letters and exports."""
