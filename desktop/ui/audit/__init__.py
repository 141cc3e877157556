"""The audit log as a person reads it: who did what to which thing, when and why, and whether the chain is whole."""
