"""Measurements, never tests: `./tram111 bench [NAME …]` prints them and writes build/bench.json."""
