"""GitHub's issues, milestones and items of boards as goals: each part from where the configuration says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from vindaris_connectors.github import markdown
from vindaris_connectors.github.goal_settings import GithubGoalSettings, Part
from vindaris_connectors.github.mapping import filled, number_of
from vindaris_sync.domain.goals import Goal, Outcome, Status, fold
from vindaris_sync.domain.models import IssueRef
from vindaris_sync.domain.serving import Serving
from vindaris_sync.domain.text import clean
from vindaris_sync.sdk.goals import StatedGoal, Unfit
from vindaris_sync.sdk.mapping import JsonObject, instant
from vindaris_sync.sdk.outcome_tables import Unreadable, outcomes_in
from vindaris_sync.sdk.shapes import SHAPE_ERRORS

_LONGEST = 65_536
"""Characters of an issue's body: the most that GitHub takes."""

_DAY = len("2026-01-31")

_BY_STATE = {"open": Status.ACTIVE, "completed": Status.ACHIEVED}
"""What an issue's state, or the reason for which it was closed, means; every other reason ends it undone."""

_BY_OPTION = {
    **dict.fromkeys(("done", "complete", "completed", "achieved", "shipped", "closed"), Status.ACHIEVED),
    **dict.fromkeys(
        ("abandoned", "canceled", "cancelled", "dropped", "rejected", "won't do", "wont do"), Status.ABANDONED
    ),
    **dict.fromkeys(("backlog", "draft", "idea", "ideas", "proposed"), Status.PROPOSED),
}
"""What the usual options of a board's status mean, folded; the others leave it to the issue's state."""


@dataclass(frozen=True, slots=True)
class GoalMapper:
    """Maps what one source chooses; ``names`` are the tracker's repositories, as they are printed, by folded name."""

    tracker: str
    settings: GithubGoalSettings
    names: Mapping[str, str]

    def issue(self, node: JsonObject) -> StatedGoal | Unfit:
        """Return the goal that an issue is; one that cannot be read says where, and what to do."""
        return self._read(node, _key, self._issue)

    def milestone(self, place: str, places: Sequence[str], node: JsonObject) -> StatedGoal | Unfit:
        """Return the goal that a milestone of ``place`` is; ``places`` are all names that the repository has had."""
        return self._read(node, lambda each: f"{place}#M{number_of(each['number'])}", partial(self._milestone, places))

    def item(self, node: JsonObject, fields: Mapping[str, str], above: Mapping[str, str]) -> StatedGoal | Unfit:
        """Return the goal that an item of a board is.

        ``fields`` are the board's by alias, ``above`` leads from an issue's id to its item's.
        """
        return self._read(node, self._item_key, partial(self._item, fields, above))

    def _read(
        self,
        node: JsonObject,
        key_of: Callable[[JsonObject], str],
        stated: Callable[[JsonObject, str], StatedGoal],
    ) -> StatedGoal | Unfit:
        id_, key, stamp = "", "", ""
        try:
            id_ = filled(node["id"])
            stamp = instant(node["updatedAt"]).isoformat() if "updatedAt" in node else ""
            key = key_of(node)
            return replace(stated(node, key), stamp=stamp)
        except Unreadable as error:
            return Unfit(id_, key, str(error), stamp)
        except SHAPE_ERRORS as error:
            return Unfit(
                id_, key, f"GitHub shows it in a form that is not understood ({_said(error)}): report it", stamp
            )

    def _issue(self, node: JsonObject, key: str) -> StatedGoal:
        state = _state(node)
        goal = self._goal(node, key, _issue_values(node), self._meant(state) or _by_state(state))
        return StatedGoal(node["id"], goal, _parent(node))

    def _milestone(self, places: Sequence[str], node: JsonObject, key: str) -> StatedGoal:
        description, outcomes = self._described(node["description"])
        state = "open" if node["state"] == "OPEN" else "completed"
        goal = Goal(
            key=key,
            title=clean(node["title"]),
            description=description,
            status=self._meant(state) or _BY_STATE[state],
            period=_day(node["dueOn"]) or None,
            outcomes=outcomes,
            visibility=self.settings.visibility,
            serving=Serving(self.tracker, tuple(places), milestone=node["id"]),
        )
        return StatedGoal(node["id"], goal)

    def _item_key(self, node: JsonObject) -> str:
        content = node["content"]
        return f"{self.settings.project}#D{filled(node['fullDatabaseId'])}" if _is_draft(content) else _key(content)

    def _item(self, fields: Mapping[str, str], above: Mapping[str, str], node: JsonObject, key: str) -> StatedGoal:
        content, values = node["content"], _item_values(node, fields)
        draft = _is_draft(content)
        goal = self._goal(content, key, values, self._on_board(node, values, "open" if draft else _state(content)))
        return StatedGoal(node["id"], goal, "" if draft else above.get(_parent(content), ""))

    def _goal(self, node: JsonObject, key: str, values: Mapping[str, str], status: Status) -> Goal:
        description, outcomes = self._described(node["body"])
        issue = "number" in node
        return Goal(
            key=key,
            title=clean(node["title"]),
            description=description,
            priority=_at(self.settings.priority_at, node, values) or None,
            status=status,
            period=_at(self.settings.period_at, node, values) or None,
            owner=_owner(node) if issue else None,
            outcomes=outcomes,
            visibility=self.settings.visibility,
            issue=IssueRef(self.tracker, filled(node["id"])) if issue else None,
            serving=self._listed(node, key) if issue and self.settings.lists else None,
        )

    def _described(self, body: str | None) -> tuple[str, tuple[Outcome, ...]]:
        text = markdown.text_of(clean(body or ""))
        outcomes: tuple[Outcome, ...] = ()
        if self.settings.outcome_table:
            outcomes, text = outcomes_in(text)
        return str(text)[:_LONGEST], outcomes

    def _listed(self, node: JsonObject, key: str) -> Serving | None:
        place = key.partition("#")[0]
        root = clean(node["url"]).rsplit("/", 4)[0]
        keys = [self._known(each) for each in markdown.listed(node["body"], place, root)]
        keys = [each for each in keys if each != key]
        places = tuple(dict.fromkeys(each.partition("#")[0] for each in keys))
        return Serving(self.tracker, places, issues=tuple(keys)) if keys else None

    def _known(self, key: str) -> str:
        place, _, number = key.partition("#")
        return f"{self.names.get(place.casefold(), place)}#{number}"

    def _meant(self, name: str) -> Status | None:
        wanted = {fold(option): meant for option, meant in self.settings.status.items()}
        return wanted.get(fold(name))

    def _on_board(self, node: JsonObject, values: Mapping[str, str], state: str) -> Status:
        option = values.get(self.settings.status_field, "")
        status = self._meant(option) or _BY_OPTION.get(fold(option)) or self._meant(state) or _by_state(state)
        return Status.ABANDONED if node["isArchived"] and not status.closed else status


def _is_draft(content: JsonObject) -> bool:
    return bool(content["__typename"] == "DraftIssue")


def _parent(node: JsonObject) -> str:
    parent = node.get("parent")
    return filled(parent["id"]) if parent else ""


def _said(error: Exception) -> str:
    return " ".join(clean(str(error)).split())[:100] or type(error).__name__


def _day(stamp: str | None) -> str:
    return clean(stamp or "")[:_DAY]


def _item_values(node: JsonObject, fields: Mapping[str, str]) -> dict[str, str]:
    """Return what an item shows in its board's ``fields`` (names by alias), as text."""
    found = {name: node.get(alias) for alias, name in fields.items()}
    return {name: text for name, value in found.items() if value and (text := _text(value))}


def _text(value: Mapping[str, Any]) -> str:
    told = next((value[name] for name in ("name", "text", "date", "title", "value") if value.get(name)), None)
    number = value.get("number")
    return clean(told) if told is not None else f"{number:g}" if isinstance(number, int | float) else ""


def _issue_values(node: JsonObject) -> dict[str, str]:
    values = (node.get("issueFieldValues") or {}).get("nodes") or ()
    return {filled(each["field"]["name"]): _text(each) for each in values if each.get("field")}


def _at(at: Part | None, node: JsonObject, values: Mapping[str, str]) -> str:
    """Return what stands at a place, empty where nothing does."""
    if at is None:
        return ""
    if at.kind == "field":
        folded = {fold(name): value for name, value in values.items()}
        return folded.get(fold(at.name), "")
    if at.kind == "label":
        prefix = at.name.casefold()
        names = sorted(clean(each["name"]) for each in (node.get("labels") or {}).get("nodes", ()))
        return next((name[len(prefix) :].strip() for name in names if name.casefold().startswith(prefix)), "")
    milestone = node.get("milestone") or {}
    return clean(milestone.get("title") or "") if at.kind == "milestone" else _day(milestone.get("dueOn"))


def _key(node: JsonObject) -> str:
    return f"{filled(node['repository']['nameWithOwner'])}#{number_of(node['number'])}"


def _owner(node: JsonObject) -> str | None:
    people = node["assignees"]["nodes"]
    return clean(people[0]["login"]) if people else None


def _state(node: JsonObject) -> str:
    """Return ``open``, or for what reason the issue was closed."""
    return "open" if node["state"] == "OPEN" else clean(node.get("stateReason") or "COMPLETED").lower()


def _by_state(state: str) -> Status:
    return _BY_STATE.get(state, Status.ABANDONED)
