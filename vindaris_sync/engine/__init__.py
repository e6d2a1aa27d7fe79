"""The imperative shell: gathers what trackers say, lets the domain decide, and carries out what it decided."""
