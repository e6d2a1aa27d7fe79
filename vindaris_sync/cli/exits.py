"""Exit codes, and how an error ends a command: one line, what to do, and no traceback where it was expected."""

from __future__ import annotations

import traceback

from vindaris_sync.cli.output import clean, err
from vindaris_sync.engine.progress import Interrupted
from vindaris_sync.sdk.errors import ConfigError, Transient, VindarisError
from vindaris_sync.sdk.errors import Refusal as Refusal  # noqa: PLC0414 - how most commands end that are refused
from vindaris_sync.sdk.secret import redact

DONE = 0
"""Done, or in sync."""
DRIFT = 1
"""Something to do, drift or conflicts: ``plan``, ``report``, ``db check``."""
USAGE = 2
"""The command, the configuration or the goals must be corrected."""
UNUSABLE = 3
"""A tracker, a chat or the database cannot be used at present."""
DEFECT = 70
"""A defect of this program (EX_SOFTWARE of ``sysexits.h``)."""
INTERRUPTED = 130
"""Stopped by Ctrl-C or SIGTERM, at a safe point."""
CUT_OFF = 141
"""Whoever read the output closed it: what a shell says of a program that SIGPIPE ended."""

_LONGEST = 2000
_PASSING = ("locked", "full", "read_only", "replaced")


def code_of(error: BaseException) -> int:
    """Return the exit code with which ``error`` ends a command."""
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, ConfigError | OSError):
        return USAGE
    trouble = getattr(error, "trouble", None)  # the database's; its class is not loaded for an exit code
    if trouble is not None:
        return UNUSABLE if trouble in _PASSING else USAGE
    return UNUSABLE if isinstance(error, VindarisError) else DEFECT


def tell(error: BaseException) -> None:
    """Say on standard error what went wrong and what to do; secrets are masked, control characters taken out."""
    console = err()
    if isinstance(error, Interrupted | KeyboardInterrupt):
        console.print("stopped at a safe point; the next run goes on from there")
    elif isinstance(error, VindarisError):
        for line in str(error).splitlines() or [type(error).__name__]:
            console.print(f"error: {clean(line, _LONGEST)}", style="red", soft_wrap=True)
        if advice := error.advice or _usual(error):
            console.print(f"advice: {clean(advice, _LONGEST)}", soft_wrap=True)
    elif isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        text = redact(f"{place}{(error.strerror or str(error)).lower()}")
        console.print(f"error: {clean(text, _LONGEST)}", style="red", soft_wrap=True)
    else:
        text = redact("".join(traceback.format_exception(error)))
        console.out("\n".join(clean(line, _LONGEST, strip=False) for line in text.splitlines()), highlight=False)
        console.print("error: this is a defect; report it together with the lines above", style="red")


def _usual(error: VindarisError) -> str:
    return "try again later; nothing before it is lost" if isinstance(error, Transient) else ""
