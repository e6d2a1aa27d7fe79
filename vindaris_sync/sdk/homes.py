"""What a connector with ``Capability.HOME`` can do beside: keep goals' issues, and hang work below them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vindaris_sync.domain.homes import Attached, Rewrite, Rewritten
from vindaris_sync.domain.models import Address


@runtime_checkable
class Homing(Protocol):
    """A connector whose tracker can be the home of goals. Raises as ``Connector`` does."""

    def rewrite(self, wanted: Rewrite) -> Rewritten:
        """Bring our marked section and the title to what is wanted; what stands around the section stays as it is.

        A section that nobody wrote yet (``before`` None) is put below what is there, once. One that a person changed
        or took out is kept so, and so is a title.
        """
        ...

    def attach(self, child: Address, parent: Address) -> Attached:
        """Hang ``child`` below ``parent``; where it has a parent already, whoever set it, nothing is done (``STALE``).

        Twice is once.
        """
        ...

    def detach(self, child: Address, parent: Address) -> Attached:
        """Take ``child`` from below ``parent``, if it still hangs there; from anywhere else it is not taken."""
        ...


def section_between(body: str, begin: str, end: str) -> tuple[str, str, str] | None:
    """Return what stands before, in and after the section between two marks; None where it is not whole, or twice."""
    before, found, rest = body.partition(begin)
    inside, ended, after = rest.partition(end)
    if not found or not ended or begin in inside or begin in after:
        return None
    return before, inside, after


def same_text(one: str, other: str) -> bool:
    """Return whether two texts differ in line ends and outer white space at most: a web form changes these."""
    a, b = ([line.rstrip() for line in text.strip().splitlines()] for text in (one, other))
    return a == b
