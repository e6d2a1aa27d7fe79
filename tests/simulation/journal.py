"""What really happened in the simulated world: every act of people, every fault and crash, in order.

The journal is the world's memory and no part of the product: the auditor judges the product by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

GLOBAL = ""
"""The ``tracker`` or ``issue`` of an act that concerns none."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened at the instant ``at`` of the world's own clock.

    ``issue`` is the tracker's immutable id at that moment. What each ``kind`` tells in ``detail``:

    ================================  =====================================================================
    ``create``                        ``place``, ``parent`` (an id), ``labels`` (one a line)
    ``edit``, ``comment``             nothing more
    ``set_goal``, ``drop_goal``       ``surface`` (``field`` or ``label``), ``value`` (as typed, without prefix)
    ``label``, ``unlabel``            ``value``: a label that is not ours
    ``move``                          ``place``: the new one; the id stays
    ``transfer``                      ``new``: the id under which the issue goes on; ``place``; ``labels``: kept or lost
    ``reparent``                      ``parent``: an id, empty for none
    ``close``, ``reopen``, ``delete``  nothing more
    ``hide``, ``show``                ``place``
    ``exempt``, ``unexempt``          nothing more: the exempt label is put on or taken off
    ``review_on``, ``review_off``     nothing more: the review label
    ``rename_label``                  ``place``, ``value``, ``new``
    ``delete_label_definition``,
    ``restore_label_definition``      ``place``, ``surface``, ``value``
    ``rename_repository``             ``place``, ``new``
    ``goal_change``                   ``key``, ``material`` (``yes``, ``no``)
    ``goal_close``, ``goal_open``     ``key``
    ``goal_new``                      ``key``
    ``goal_rename``                   ``key``, ``new``
    ``cli_link``                      ``value``: goal keys, one a line
    ``cli_confirm``, ``cli_exempt``,
    ``cli_unlink``                    nothing more
    ``fault:NAME``, ``crash:POINT``   whatever tells it apart
    ================================  =====================================================================
    """

    at: datetime
    who: str
    kind: str
    tracker: str = GLOBAL
    issue: str = GLOBAL
    detail: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f" {self.tracker}:{self.issue}" if self.tracker else ""
        told = "".join(f" {name}={value!r}" for name, value in sorted(self.detail.items()))
        return f"{self.at:%d %H:%M:%S.%f} {self.who} {self.kind}{where}{told}"


@dataclass(slots=True)
class Journal:
    """All acts, oldest first; ``quiet`` is the number of acts when the last quiet period had ended."""

    acts: list[Act] = field(default_factory=list)
    quiet: int = 0

    def note(
        self, at: datetime, who: str, kind: str, *, tracker: str = GLOBAL, issue: str = GLOBAL, **detail: str
    ) -> Act:
        """Write an act down and return it."""
        act = Act(at, who, kind, tracker, issue, MappingProxyType(detail))
        self.acts.append(act)
        return act

    def about(self, tracker: str, issue: str) -> Iterator[Act]:
        """Yield what happened to one issue under that id, oldest first."""
        return (act for act in self.acts if act.issue == issue and act.tracker == tracker)

    def since_quiet(self) -> list[Act]:
        """Return what happened since the last audit."""
        return self.acts[self.quiet :]

    def count(self, prefix: str) -> int:
        """Return how many acts have a kind that begins with ``prefix``."""
        return sum(act.kind.startswith(prefix) for act in self.acts)
