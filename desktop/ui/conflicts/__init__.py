"""Values that differ between places, and operations that are held: a person looks and decides."""
