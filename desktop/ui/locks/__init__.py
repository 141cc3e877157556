"""Locks of the desk: privacy screen, locked with a passphrase, sealed by a new process (settled 17)."""
