"""Sign-in, and the first run that enrols this desk."""
