"""Lists in the configuration."""

from __future__ import annotations

from typing import TypeVar

_Item = TypeVar("_Item")


def some(values: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """Return ``values``; ``ValueError`` where there is none."""
    if not values:
        raise ValueError("name at least one")
    return values
