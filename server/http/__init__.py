"""The centre's door: thin HTTP routes over its operations."""
