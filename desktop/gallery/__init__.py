"""Pictures of every screen, for the manual and for whoever looks whether they read well."""
