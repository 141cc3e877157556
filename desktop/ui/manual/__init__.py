"""The offline manual behind F1: chapters as data, shown in the language of the desk, keys taken from the registry."""
