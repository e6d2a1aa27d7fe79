"""How settings and documents name the fields of a goal whose change makes links suspect."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from vindaris_sync.domain.goals import Material


def _some(fields: tuple[Material, ...]) -> tuple[Material, ...]:
    if not fields:
        raise ValueError("name at least one")
    return fields


MaterialFields = Annotated[tuple[Material, ...], AfterValidator(_some)]
"""One field or more."""
