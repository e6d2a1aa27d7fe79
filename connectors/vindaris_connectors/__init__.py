"""Connectors shipped with vindaris-sync; each is found through its entry point."""
