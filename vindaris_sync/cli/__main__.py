"""The command itself, and ``python -m vindaris_sync.cli`` where its script is not installed."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command; Ctrl-C while its modules are still being loaded ends it at once and without a word."""
    try:
        from vindaris_sync.cli.main import app
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    app(prog_name="vindaris-sync")


if __name__ == "__main__":
    main()
