"""Files (F8) and reports (F9): forms that save themselves while they are written."""
