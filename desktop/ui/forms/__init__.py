"""Forms drawn from definitions in resources/forms."""
