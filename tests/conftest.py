"""What holds for all tests: not judged by the machine's speed, nor by the terminal that they were started in."""

from __future__ import annotations

import os
from functools import cache

import typer.testing
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# a terminal's width and colours reach every command that a test calls, in this process and in others
for _of_a_terminal in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(_of_a_terminal, None)

# all tests call the verbs that the first one built: building them takes a tenth of a second
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined] # noqa: SLF001
