"""Reports: counting what the hotline did, and giving figures away without giving anybody away."""
