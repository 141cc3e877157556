"""Code lists and places as dated data: loading, checking, reading and finding."""
