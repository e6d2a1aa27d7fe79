"""The configuration: one TOML file, typed, with secrets from elsewhere, and the goals file."""
