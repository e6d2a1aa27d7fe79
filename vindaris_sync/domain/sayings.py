"""What a person may say of an issue's link, as data; how it was said (command line, chat, page) makes no difference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LinkTo:
    """It serves these goals, named by key, the first being the primary; ``accepted``: as was suggested."""

    goals: tuple[str, ...]
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Confirm:
    """What it is linked to is right."""


@dataclass(frozen=True, slots=True)
class Exempt:
    """It is no goal work, for the reason that ``By.why`` gives; ``until`` None: for its tracker's ``exempt_days``."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unlink:
    """It has no link or exemption of its own; what it inherits applies again."""


Saying = LinkTo | Confirm | Exempt | Unlink
