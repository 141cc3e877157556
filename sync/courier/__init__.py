"""The courier: what travels on a stick when every line is dead, sealed for one reader and in any order."""
