"""The desk's screens: what a counsellor sees and presses; nothing here waits for the store or the road."""

import desktop.overrides  # noqa: F401  # before any class of a screen is made
