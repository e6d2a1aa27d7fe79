"""``python -m vindaris_sync.cli``: the command where its script is not installed."""

from __future__ import annotations

from vindaris_sync.cli.main import app

app(prog_name="vindaris-sync")
