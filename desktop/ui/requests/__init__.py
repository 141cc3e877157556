"""The register of data subjects' requests: what is due first, and the next step of each."""
