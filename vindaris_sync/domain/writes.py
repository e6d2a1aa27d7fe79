"""What has to be written so that an issue shows what it is linked to, and whether we may (R3, R5)."""

from __future__ import annotations

from vindaris_sync.domain.actions import WriteBack
from vindaris_sync.domain.merge import primary_of, project
from vindaris_sync.domain.models import Presence, Surface
from vindaris_sync.domain.outcome import spellings
from vindaris_sync.domain.records import GoalBook, Policy, Record
from vindaris_sync.domain.sides import Side, value_of


def may_write(record: Record, policy: Policy, surface: Surface) -> bool:
    """Return whether the surface may be written on the issue; what was refused is tried again to repair alone."""
    refused = (record.place, surface.key) in policy.refused or surface.key in record.refused
    return (
        policy.write
        and record.id not in policy.aside
        and record.presence is Presence.PRESENT
        and surface.key not in policy.layout.broken
        and (not refused or policy.repair)
    )


def goal_write(record: Record, side: Side, goals: GoalBook, policy: Policy) -> WriteBack | None:
    """Return the change that lets a goal surface of an open issue show S; None where it does, or may not be changed."""
    blocked = side.held or not side.works or (side.surface.single and side.unknown)
    if blocked or record.conflict is not None or record.closed or not may_write(record, policy, side.surface):
        return None
    wanted = project(value_of(record.explicit), primary_of(record.explicit), side.surface)
    add, remove = spellings(side, wanted, goals, repair=policy.repair)
    return WriteBack(record.id, side.surface, add, remove, side.raw) if add or remove else None
