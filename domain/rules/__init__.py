"""The rules of the work as pure functions: intake, triage, outcomes, clocks, duplicates."""
