"""The road: operations, merging, digests, the wire, the engine, and the replica that every node is."""
