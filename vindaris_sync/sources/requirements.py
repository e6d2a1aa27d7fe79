"""Work that a goal requires, as a source states it: ``[[goal.requires]]`` in a file, ``requires`` in a feed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from vindaris_sync.domain.requirements import PLACEHOLDERS, Requirement, contradictions, unknown_placeholders
from vindaris_sync.sdk.settings import Settings

LONGEST_TITLE = 255
"""Characters of a title, before goals are filled in; Jira's limit, which a title that grows is cut to."""
LONGEST_BODY = 30_000
"""Characters of a body; Jira takes 32,767."""


def _as_name(text: str) -> str:
    if any(char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in text):
        raise ValueError("write a short name without spaces, api for instance")
    return text


def _as_template(text: str) -> str:
    if unknown := unknown_placeholders(text):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(
            f"there is no placeholder {{{unknown[0]}}}; there are {known}. Text in braces stays where they are doubled"
        )
    return text


_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class RequirementEntry(Settings):
    """One item of required work; ``title`` and ``body`` may name the goal's fields, ``{goal.title}``."""

    id: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_as_name)]
    """Its lasting name within the goal: with another id it is other work, and is created."""
    tracker: _Words
    """The name of a ``[trackers.NAME]`` block."""
    place: _Words
    """Project or owner/repository."""
    title: Annotated[_Words, AfterValidator(_as_template)]
    type: str = ""
    body: Annotated[str, Field(max_length=LONGEST_BODY), AfterValidator(_as_template)] = ""
    labels: tuple[_Words, ...] = ()
    assignee: str = ""
    parent: str = ""
    """The id of another item of the goal, or an issue's key."""

    def requirement(self) -> Requirement:
        """Return the entry as the domain knows it."""
        return Requirement(**{name: getattr(self, name) for name in type(self).model_fields})


Entry = TypeVar("Entry", bound=RequirementEntry)


def consistent(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return one goal's items; raises ``ValueError`` that names the first which contradicts another."""
    requirements: Sequence[Requirement] = [each.requirement() for each in entries]
    for index, field, reason in contradictions(requirements):
        raise ValueError(f"{requirements[index].id} {field}: {reason}")
    return entries
