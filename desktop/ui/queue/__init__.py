"""The queue: what waits beside the telephone, taken one at a time."""
