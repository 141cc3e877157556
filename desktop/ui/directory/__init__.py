"""The directory: numbers and scripts at hand, an interpreter in three keys."""
