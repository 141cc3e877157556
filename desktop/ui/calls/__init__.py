"""Calls: the one in progress, the list of today, one key for each outcome."""
