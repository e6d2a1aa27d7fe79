"""GitHub.com and GitHub Enterprise Server; the design note is docs/connectors/github.md."""
