"""The shift: own counters, and a handover that leaves nothing lying."""
