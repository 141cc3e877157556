"""The records of the hotline's work: one frozen dataclass a file, and the registry of kinds."""
