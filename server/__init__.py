"""The centre: accounts of devices, push, pull and held operations over the same replica as the desk's."""
