"""The centre's rows: the replica's tables and the accounts of devices, on SQLCipher or PostgreSQL."""
