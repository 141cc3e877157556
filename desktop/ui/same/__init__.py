"""Is this child known already: likely ones with reasons, a link that is set and taken back, earlier contacts."""
