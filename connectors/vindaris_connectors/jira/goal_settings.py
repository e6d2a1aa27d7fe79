"""What a ``[goal_sources.NAME]`` block of kind ``jira`` holds: which issues are goals, and where their parts stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from vindaris_connectors.jira import jql
from vindaris_sync.domain.goals import Status
from vindaris_sync.sdk.goals import TrackerGoalSettings
from vindaris_sync.sdk.settings import Settings


def _as_jql(text: str) -> str:
    return jql.written(text).text[1:-1] if text.strip() else ""


def _as_names(value: object) -> object:
    return ((value,) if value.strip() else ()) if isinstance(value, str) else value


class OutcomeFields(Settings):
    """An outcome whose values stand in number fields of the goal's issue; an issue without any of them has no such."""

    metric: str = Field(min_length=1)
    """What is measured, for people."""
    unit: str = ""
    baseline: str = ""
    """The name or id of the field with the value it started from; empty: unknown."""
    target: str = ""
    current: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that it uses."""
        return tuple(filter(None, (self.baseline, self.target, self.current)))


class JiraGoalSettings(TrackerGoalSettings):
    """Issues that are goals. Fields go by the name that Jira shows or by id; an empty one is not read."""

    kind: Literal["jira"] = "jira"
    types: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """The types that are goals, among what the tracker tracks; or ``jql``. Then pulls show what was edited."""
    jql: Annotated[str, AfterValidator(_as_jql)] = ""
    """A query that finds the goals, in tracked projects or not, without ORDER BY; or ``types``."""
    key: str = ""
    """The field with the goal's key; empty: the issue's own key."""
    title: str = Field("summary", min_length=1)
    description: str = "description"
    priority: str = "priority"
    owner: str = "assignee"
    period: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        BeforeValidator(_as_names),
        Field(max_length=2),
        PlainSerializer(lambda names: names[0] if len(names) == 1 else list(names)),
    ] = ()
    """One field (a quarter, a text, a version, a date), or two date fields: the first and the last day."""
    status: Mapping[str, Status] = {}
    """What a resolution, a status or a category of statuses (in any case) means; the rest by their category."""
    outcomes: tuple[OutcomeFields, ...] = ()
    outcome_table: bool = True
    """Whether a table in the description whose header names Metric and Target states outcomes."""
    parent_link: str = ""
    """Data Center: the field with the parent's key; empty: Advanced Roadmaps' Parent Link, found by its type."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.types) == bool(self.jql):
            raise ValueError('name either types = ["Epic"] or jql = "…", one of the two')
        return self

    def tracked_types(self) -> tuple[str, ...]:
        """Return the types, where they choose."""
        return self.types

    @property
    def named_fields(self) -> dict[str, str]:
        """The fields that are named, each with the setting that names it."""
        single = {
            name: getattr(self, name)
            for name in ("key", "title", "description", "priority", "owner", "parent_link")
            if getattr(self, name)
        }
        several = [("period", name) for name in self.period]
        several += [("outcomes", name) for outcome in self.outcomes for name in outcome.fields]
        return {name: setting for setting, name in several} | {name: setting for setting, name in single.items()}
