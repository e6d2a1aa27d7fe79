"""Whose choice it is which fields of a goal count: the nearest one's (R11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vindaris_sync.domain.goals import MATERIAL, Goal, Material


@dataclass(frozen=True, slots=True)
class Materiality:
    """The fields whose change makes links suspect: as the goal itself says, else its source, else ``default``."""

    default: tuple[Material, ...] = MATERIAL
    by_source: Mapping[str, tuple[Material, ...]] = field(default_factory=dict)
    """By the sources' names."""

    def of(self, goal: Goal) -> tuple[Material, ...]:
        """Return the material fields of ``goal``, in the order of ``MATERIAL``."""
        chosen = goal.material or self.by_source.get(goal.source) or self.default
        return tuple(name for name in MATERIAL if name in chosen)

    @property
    def stamp(self) -> str:
        """A text that changes with what sources and all goals have in common."""
        chosen = {"": self.default, **self.by_source}
        return repr({source: sorted(names) for source, names in sorted(chosen.items())})


EVERYTHING = Materiality()
"""Every field counts, as long as nobody chooses."""
