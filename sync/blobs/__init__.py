"""Attachments on the road: how files are named and sealed, where their chunks lie, when they travel."""
