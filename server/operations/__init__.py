"""What the centre does, each whole in one transaction: enrol, open a session, take a push, answer a pull."""
