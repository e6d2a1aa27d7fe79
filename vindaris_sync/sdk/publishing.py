"""What a connector with ``Capability.PUBLISH`` can do beside: keep the menus that people pick goals from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from vindaris_sync.domain.menus import Menu, MenuChange, Offered


@runtime_checkable
class Publisher(Protocol):
    """A connector whose tracker has definitions of labels or options. Raises as ``Connector`` does."""

    def menus(self) -> Iterator[Menu]:
        """Yield every menu of the goal surfaces, as it stands now, read directly; one that is shut says why.

        Only choices that stand for a goal are named: labels with our prefix, options of our field. Where nobody can
        pick (a text field, Jira's labels) there is no menu.
        """
        ...

    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Carry the changes out and yield one outcome for each, in any order.

        Nothing else of the menu is touched, and nothing is deleted. A choice that no longer shows what ``Alter``
        expects is left alone. What an unanswered request did the next look at the menu tells.
        """
        ...
