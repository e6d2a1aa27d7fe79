"""What a connector with ``Capability.WORK_ITEMS`` can do beside: link issues to goals where a source keeps goals."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from vindaris_sync.domain.models import Address
from vindaris_sync.sdk.goals import TrackerGoalSettings


@runtime_checkable
class LinksWorkItems(Protocol):
    """A connector of whose goal sources some keep links to issues (``TrackerGoalSettings.links_written``).

    Goals go by the id that ``StatedGoal`` has. Raises as ``Connector`` does; ``TrackerUnusable`` where the account may
    not do it at any goal.
    """

    def work_items(self, wanted: TrackerGoalSettings, goal: str) -> frozenset[str] | None:
        """Return the ids of all issues that are linked to the goal, read directly; None: there is no such goal."""
        ...

    def link_work_item(self, wanted: TrackerGoalSettings, goal: str, issue: Address, *, linked: bool) -> None:
        """Link the issue to the goal, or unlink it; no other link is touched, and twice is once.

        Raises ``IssueRejected`` where this issue or goal is not taken, and ``Unknown`` where nobody knows.
        """
        ...
