"""The telephone exchange: what its Manager Interface says becomes rows, and a pause is told to it."""
