"""Jira's issues as goals: each part from the field that the configuration names. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_connectors.jira.outcomes import outcomes_of
from vindaris_connectors.jira.texts import text_of
from vindaris_sync.domain.goals import Goal, Outcome, Status, fold
from vindaris_sync.domain.models import IssueRef
from vindaris_sync.sdk.goals import StatedGoal, Unfit
from vindaris_sync.sdk.mapping import JsonObject, instant
from vindaris_sync.sdk.outcome_tables import Text, Unreadable, outcomes_in
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

_DROPPED = frozenset(
    {
        "abandoned", "canceled", "cancelled", "cannot reproduce", "declined", "duplicate", "incomplete", "invalid",
        "obsolete", "rejected", "won't do", "won't fix", "wont do", "wont fix", "wontfix",
    }
)  # fmt: skip
"""Resolutions, folded, with which work ends that was not done."""

_BY_CATEGORY = {"new": Status.PROPOSED, "indeterminate": Status.ACTIVE, "done": Status.ACHIEVED}
_NONE = frozenset({"", "none", "unprioritized"})
_LONGEST = 32_767  # characters: the most that Jira itself takes for a text


@dataclass(frozen=True)
class GoalMapper:
    """Maps the issues of one site that are goals; ``ids`` are the ids of the fields that the settings name."""

    tracker: str
    settings: JiraGoalSettings
    ids: Mapping[str, str]
    above: Sequence[str] = ("parent",)
    """The fields that tell what is above an issue, the first that does counts."""

    @cached_property
    def fields(self) -> list[str]:
        """The fields to ask for, exactly those that are read."""
        return list(dict.fromkeys(["updated", "status", "resolution", *self.above, *self.ids.values()]))

    def stated(self, raw: JsonObject) -> StatedGoal | Unfit:
        """Return the issue as a goal; one that cannot be read says where, and what to do."""
        id_, key = str(raw.get("id") or ""), str(raw.get("key") or "")
        stamp = ""
        try:
            stamp = instant(raw["fields"]["updated"]).isoformat()
            return StatedGoal(id_, self._goal(id_, key, raw["fields"]), _parent(raw["fields"], self.above), stamp)
        except Unreadable as error:
            return Unfit(id_, key, str(error), stamp)
        except SHAPE_ERRORS as error:
            return Unfit(id_, key, f"Jira shows it in a form that is not understood ({error}): report it", stamp)

    def _goal(self, id_: str, key: str, fields: Mapping[str, Any]) -> Goal:
        chosen = self.settings
        description, outcomes = self._described(fields)
        priority = self._shown(fields, chosen.priority)
        return Goal(
            key=self._key(fields) or key,
            title=self._shown(fields, chosen.title),
            description=str(description)[:_LONGEST],
            priority=None if fold(priority) in _NONE else priority,
            status=status_of(fields, chosen.status),
            period=self._period(fields) or None,
            owner=self._shown(fields, chosen.owner) or None,
            outcomes=(*outcomes, *outcomes_of(fields, chosen.outcomes, self.ids)),
            visibility=chosen.visibility,
            issue=IssueRef(self.tracker, id_),
        )

    def _described(self, fields: Mapping[str, Any]) -> tuple[Text, tuple[Outcome, ...]]:
        if not self.settings.description:
            return Text(), ()
        text = text_of(fields.get(self.ids[self.settings.description]))
        if not self.settings.outcome_table:
            return text, ()
        outcomes, rest = outcomes_in(text)
        return rest, outcomes

    def _key(self, fields: Mapping[str, Any]) -> str:
        """Return the key that a field holds; raises ``Unreadable`` where it is to and does not."""
        if not self.settings.key:
            return ""
        if key := self._shown(fields, self.settings.key):
            return key
        raise Unreadable(f"field {self.settings.key!r} is empty: it holds the goal's key, fill it in")

    def _shown(self, fields: Mapping[str, Any], name: str) -> str:
        return shown(fields.get(self.ids[name])) if name else ""

    def _period(self, fields: Mapping[str, Any]) -> str:
        told = [self._shown(fields, name) for name in self.settings.period]
        return told[0] if len(told) == 1 else span(*told) if told else ""


def shown(value: object) -> str:
    """Return what a field of any type shows, in one line: text, number, option, person, version, several of them."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, (int, float)):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(filter(None, map(shown, value)))
    if isinstance(value, Mapping):
        if value.get("type") == "doc":
            return " ".join(str(text_of(value)).split())
        names = (value.get(name) for name in ("value", "displayName", "name"))
        own = next((name for name in names if isinstance(name, str)), "")
        return " / ".join(filter(None, (own.strip(), shown(value.get("child")))))
    return " ".join(value.split()) if isinstance(value, str) else ""


def span(first: str, last: str) -> str:
    """Return the period between two days, ``2026-Q4`` where it is a quarter: ``2026-10-01 to 2026-12-15``."""
    if not first or not last:
        return f"from {first}" if first else f"until {last}" if last else ""
    begin, end = _date(first), _date(last)
    if begin is None or end is None:
        return f"{first} to {last}"
    after = end + timedelta(days=1)
    months = (after.year - begin.year) * 12 + after.month - begin.month
    if begin.day == after.day == 1:
        if months == 12 and begin.month == 1:  # noqa: PLR2004 - a year
            return str(begin.year)
        if months == 6 and begin.month in (1, 7):  # noqa: PLR2004 - half of one
            return f"{begin.year}-H{(begin.month + 5) // 6}"
        if months == 3 and begin.month % 3 == 1:  # noqa: PLR2004 - a quarter
            return f"{begin.year}-Q{(begin.month + 2) // 3}"
    return f"{begin} to {end}"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[: len("2026-01-31")])
    except ValueError:
        return None


def status_of(fields: Mapping[str, Any], chosen: Mapping[str, Status]) -> Status:
    """Return where the goal is in its life: what the configuration says of its resolution, status or category.

    Else what is done is achieved, unless its resolution says that it was dropped; what is to do is proposed.
    """
    status, resolution = fields["status"], shown(fields.get("resolution"))
    category = status.get("statusCategory") or {}
    wanted = {fold(name): meant for name, meant in chosen.items()}
    if fold(resolution) in wanted:
        return wanted[fold(resolution)]
    done = category.get("key") == "done"
    if done and fold(resolution).replace("\u2019", "'") in _DROPPED:
        return Status.ABANDONED
    for name in (status.get("name"), category.get("name"), category.get("key")):
        if isinstance(name, str) and fold(name) in wanted:
            return wanted[fold(name)]
    return _BY_CATEGORY.get(str(category.get("key")), Status.ACTIVE)


def _parent(fields: Mapping[str, Any], above: Sequence[str]) -> str:
    """Return the id of what is above the issue, or its key where Jira tells no more."""
    for name in above:
        value = fields.get(name)
        if isinstance(value, Mapping):
            inner = value.get("data")  # Advanced Roadmaps' Parent Link, as some versions print it
            told = inner if isinstance(inner, Mapping) else value
            if told.get("id") or told.get("key"):
                return str(told.get("id") or told.get("key"))
        elif isinstance(value, str) and value:
            return value
    return ""
