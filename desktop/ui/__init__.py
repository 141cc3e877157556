"""The desk's screens: what a counsellor sees and presses; nothing here waits for the store or the road."""
