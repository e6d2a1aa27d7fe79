"""A console whose reader may leave; apart from ``output``, since help needs none of it."""

from __future__ import annotations

from typing import Never

from rich.console import Console


class PipedConsole(Console):
    """Lets a closed pipe end the command as any other error does, and not with the exit code for drift."""

    def on_broken_pipe(self) -> Never:
        """Print nothing more."""
        self.quiet = True
        raise BrokenPipeError
