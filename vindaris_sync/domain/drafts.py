"""Work that is to be created in a tracker, as a connector is asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vindaris_sync.domain.models import Address, Raw


@dataclass(frozen=True, slots=True)
class Draft:
    """Work to be created from a goal; ``id`` makes the creation idempotent."""

    id: str
    place: str
    type: str
    """The name of a type of issue; empty: the tracker's usual one."""
    title: str
    body: str
    labels: Raw = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    """The managed fields' values by surface key (``field:ID``)."""
    parent: Address | None = None
    """The issue to hang it under."""
    assignee: str = ""
    """Who is to do it, as the tracker calls people; empty: nobody, or whoever the place appoints."""
