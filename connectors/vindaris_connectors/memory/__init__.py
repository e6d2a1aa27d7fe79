"""The reference connector: a tracker in a dict, for demos, property tests and as the example to copy."""
