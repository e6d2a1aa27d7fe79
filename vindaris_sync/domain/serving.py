"""Which work serves a goal because its tracker says so at the goal: a milestone's issues, issues that a goal lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Serving:
    """What is stated at a goal about the work that serves it, beside the issues below one that is the goal.

    Either ``milestone`` or ``issues``. Stated there, it need not be said again on each issue.
    """

    tracker: str
    places: tuple[str, ...]
    """The projects or repositories of that work, under their former names too where issues may still show those."""
    milestone: str = ""
    """The immutable id of the milestone that is the goal."""
    issues: tuple[str, ...] = ()
    """The issues that are listed or linked at the goal, by id or by key."""


def serving_of(told: Mapping[str, Any]) -> Serving:
    """Return what ``asdict`` made a document of."""
    return Serving(told["tracker"], tuple(told["places"]), told["milestone"], tuple(told["issues"]))
