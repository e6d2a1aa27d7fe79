"""A history as data: what people, the weather and lightning do, when. One seed draws one script.

A step has its own draw, from which everything about it follows together with the state of the world at that moment.
So steps can be taken out one by one, and the others stay what they are: a failing script can be made small.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any, Self

DAY = 86_400.0
AWAKE = 13 * 3600.0
"""Seconds of a day in which something happens; the rest of it is quiet, with the night in it."""

ACTS_A_DAY, FAULTS_A_DAY, CRASHES_A_DAY = 21, 5, 1
"""Of each tracker."""

PEOPLE = {
    "create": 10, "edit": 8, "comment": 3, "set_label": 12, "drop_label": 7, "set_field": 7, "drop_field": 3,
    "foreign_on": 5, "foreign_off": 3, "unknown_goal": 2, "move": 5, "reparent": 9, "close": 6, "reopen": 6,
    "delete": 2, "exempt": 4, "unexempt": 3, "review_off": 8, "review_on": 3, "cli_link": 5, "cli_confirm": 5,
    "cli_exempt": 2, "cli_unlink": 2, "goal_change": 3, "goal_minor": 1, "goal_close": 1, "goal_open": 1,
    "goal_new": 1, "goal_rename": 1, "rename_label": 1, "delete_definition": 1, "rename_place": 1, "retype": 2,
}  # fmt: skip
"""What people do, and how often compared with one another."""

FAULTS = {
    "limit": 5, "limit_date": 2, "limit_bare": 2, "secondary": 3, "error": 8, "unavailable": 3, "timeout": 5,
    "timeout_applied": 8, "reset": 4, "reset_applied": 6, "truncate": 5, "login_page": 3, "latency": 4, "trickle": 2,
    "unauthorized": 2, "quota": 2, "index_lag": 5, "index_lag_long": 1, "tracker_clock": 2, "machine_clock": 3,
    "hidden": 3, "read_only": 3, "off_screen": 3, "no_option": 2, "vanish": 1, "chat_error": 3, "chat_limit": 2,
    "chat_lost": 4, "chat_down": 2, "message_deleted": 3, "channel_archived": 1, "goals_refused": 2, "suspended": 1,
    "tracker_down": 2, "outside": 3,
}  # fmt: skip
"""What goes wrong, and how often compared with one another."""

CRASHES = {"commit": 4, "committed": 4, "sent": 4, "received": 5, "term": 1}
"""Where the process ends; ``term``: asked to, at the next step of its work."""

SETUPS: tuple[tuple[str, ...], ...] = (
    ("jira", "github"), ("jira", "github"), ("jira-dc", "github"), ("jira", "jira-dc", "github"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens ``at`` seconds after the start.

    ``number`` is its place in the script it was drawn with. ``late``: it happens while the daemon is in the middle of
    an exchange, that many exchanges later; 0: between two of its ticks.
    """

    number: int
    at: float
    sort: str
    """``people``, ``fault`` or ``crash``."""
    kind: str
    tracker: str
    draw: int
    late: int = 0

    def random(self) -> Random:
        """Return the step's own source of chance."""
        return Random(self.draw)  # noqa: S311 - chance, not secrets


@dataclass(frozen=True, slots=True)
class Script:
    """A whole history."""

    seed: int
    trackers: tuple[str, ...]
    days: int
    steps: tuple[Step, ...]

    @property
    def tracker_days(self) -> int:
        """How much of it there is."""
        return self.days * len(self.trackers)

    def having(self, steps: Sequence[Step]) -> Self:
        """Return the script with these steps only."""
        return replace(self, steps=tuple(steps))

    def text(self) -> str:
        """Return the script as text: a line about the whole, and a line for each step."""
        head = {"seed": self.seed, "trackers": self.trackers, "days": self.days}
        return "\n".join(json.dumps(each) for each in (head, *map(asdict, self.steps))) + "\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the script that ``text`` tells; lines that begin with ``#`` are comments."""
        lines = [json.loads(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]
        head: dict[str, Any] = lines[0]
        return cls(head["seed"], tuple(head["trackers"]), head["days"], tuple(Step(**line) for line in lines[1:]))


def draw(seed: int, days: int = 0) -> Script:
    """Return the script of a seed; ``days`` 0: as many as the seed draws, two to six."""
    random = Random(seed)  # noqa: S311 - chance, not secrets
    trackers = random.choice(SETUPS)
    days = days or random.randint(2, 6)
    drawn = sorted(
        (step for day in range(days) for name in trackers for step in _day(random, day * DAY, name)),
        key=lambda step: step.at,
    )
    return Script(seed, trackers, days, tuple(replace(step, number=n) for n, step in enumerate(drawn)))


def _day(random: Random, begin: float, tracker: str) -> Iterator[Step]:
    def step(sort: str, kinds: dict[str, int], late: int) -> Step:
        (kind,) = random.choices(list(kinds), list(kinds.values()))
        at = begin + round(random.uniform(60, AWAKE), 3)
        return Step(0, at, sort, kind, tracker, random.getrandbits(62), late)

    for _ in range(ACTS_A_DAY):
        made = step("people", PEOPLE, random.randint(1, 12) if random.random() < 0.4 else 0)
        yield made
        if random.random() < 0.1:  # somebody does two things at once, or two people do
            yield replace(step("people", PEOPLE, made.late), at=made.at)
    for _ in range(FAULTS_A_DAY):
        yield step("fault", FAULTS, random.randint(1, 12) if random.random() < 0.3 else 0)
    for _ in range(CRASHES_A_DAY):
        yield step("crash", CRASHES, 0)
