"""Asking GitHub for goals: what is there by one request for all repositories, what was edited in batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from vindaris_connectors.github import goal_queries as queries
from vindaris_connectors.github.goal_mapping import GoalMapper
from vindaris_connectors.github.goal_settings import GithubGoalSettings
from vindaris_connectors.github.graph import Graph
from vindaris_sync.domain.models import Address, Seen
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.goal_issues import edited, lingering, merged
from vindaris_sync.sdk.goals import GoalsRefused, StatedGoal, Statement, Unfit
from vindaris_sync.sdk.mapping import JsonObject, instant


@dataclass(frozen=True, slots=True)
class GoalReading:
    """Reads the goals of one source. ``fetch`` reads issues directly."""

    graph: Graph
    mapper: GoalMapper
    repositories: Sequence[str]
    fetch: Callable[[Sequence[Address]], Iterable[Seen]]

    def statement(
        self, last: Statement | None, listed: Mapping[str, datetime] | None, now: Callable[[], datetime]
    ) -> Statement:
        """Return all goals; raises as ``StatesGoals.goals``."""
        if self._settings.project:
            return self._board(last)
        return self._milestones(last) if self._settings.milestones else self._issues(last, listed, now)

    @property
    def _settings(self) -> GithubGoalSettings:
        return self.mapper.settings

    # --- issues -------------------------------------------------------------------------------------------------

    def _issues(
        self, last: Statement | None, listed: Mapping[str, datetime] | None, now: Callable[[], datetime]
    ) -> Statement:
        stamps = self._stamps() if listed is None else {id_: stamp.isoformat() for id_, stamp in listed.items()}
        wanted = edited(last, stamps)
        if last is not None and not wanted and stamps.keys() == last.by_id.keys():
            return last
        left = lingering(last, stamps, self.fetch, self.mapper.tracker, now())
        stated = merged(last, stamps, self._read(wanted), left)
        return replace(stated, goals=_hung(stated.goals)) if self._settings.lists else stated

    def _stamps(self) -> dict[str, str]:
        """Return when each goal's issue was changed last, by id."""
        kind, names = ("label", self._settings.labels) if self._settings.labels else ("type", self._settings.types)
        wanted = [queries.List(repository, kind, name) for repository in self.repositories for name in names]
        return {
            node["id"]: instant(node["updatedAt"]).isoformat() for _, nodes in self._lists(wanted) for node in nodes
        }

    def _read(self, wanted: Sequence[str]) -> Iterator[StatedGoal | Unfit]:
        for at in range(0, len(wanted), queries.PAGE):
            ids = {"ids": list(wanted[at : at + queries.PAGE])}
            data = self.graph.ask(partial(_issues, ids), missing=_of_node)
            for node in data["nodes"]:
                if isinstance(node, dict) and node.get("__typename") == "Issue":
                    yield self.mapper.issue(node)

    # --- milestones ---------------------------------------------------------------------------------------------

    def _milestones(self, last: Statement | None) -> Statement:
        """Return the milestones; the cursor keeps the names that repositories have had, for issues still show them."""
        former: dict[str, list[str]] = json.loads(last.cursor) if last is not None and last.cursor else {}
        found: list[StatedGoal | Unfit] = []
        names: dict[str, list[str]] = {}
        for repository, nodes in self._lists([queries.List(name, "milestones") for name in self.repositories]):
            name = repository["nameWithOwner"]
            had = [each for each in former.get(repository["id"], ()) if each != name]
            names[repository["id"]] = [*had, name]
            found += [self.mapper.milestone(name, names[repository["id"]], node) for node in nodes]
        return _statement(found, json.dumps(names) if names else "")

    # --- lists of repositories ----------------------------------------------------------------------------------

    def _lists(self, wanted: Sequence[queries.List]) -> Iterator[tuple[JsonObject, list[JsonObject]]]:
        """Yield each page of the lists with its repository; raises ``TrackerUnusable`` where one cannot be read."""
        waiting = list(wanted)
        while waiting:
            asked, waiting = waiting[: queries.LISTS], waiting[queries.LISTS :]
            data = self.graph.ask(partial(_several, asked))
            for index, each in enumerate(asked):
                repository = data[f"l{index}"]
                page = repository["list"]
                yield repository, page["nodes"]
                if page["pageInfo"]["hasNextPage"]:
                    waiting.append(each._replace(after=_next(page, each.after, each.repository)))

    # --- boards -------------------------------------------------------------------------------------------------

    def _board(self, last: Statement | None) -> Statement:
        items, fields = self._items()
        above = {node["content"]["id"]: node["id"] for node in items if _is(node, "Issue")}
        known = {} if last is None else last.by_id
        found: list[StatedGoal | Unfit] = []
        for node in items:
            if _is(node, "Issue", "DraftIssue"):
                found.append(self.mapper.item(node, fields, above))
            elif not node.get("content") and node["id"] in known:  # hidden from us
                found.append(known[node["id"]])
        return _statement(found)

    def _items(self) -> tuple[list[JsonObject], Mapping[str, str]]:
        """Return all items of the board, and the fields that were asked for by alias."""
        fields = {f"f{index}": name for index, name in enumerate(self._settings.named_fields)}
        items: list[JsonObject] = []
        after: str | None = None
        while True:
            board = self._page(fields, after)
            if not items:
                self._check(board)
            page = board["items"]
            items += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = _next(page, after or "", self._settings.project)
        if len(items) != page["totalCount"]:
            raise Transient(f"{self._settings.project} changed while it was read")
        return items, fields

    def _page(self, fields: Mapping[str, str], after: str | None) -> JsonObject:
        owner, number = self._settings.board
        asked = {"login": owner, "number": number, "after": after, **fields}
        answer = self.graph.ask(lambda known: (queries.board(known, fields), asked))
        board = (answer.get("repositoryOwner") or {}).get("projectV2")
        if not board:
            raise TrackerUnusable(
                f"there is no board {self._settings.project}, or our credential may not see it",
                reason="missing",
                advice="correct project, or give our credential Projects: read (classic token: the scope read:project)",
            )
        return board  # type: ignore[no-any-return] # a JSON object

    def _check(self, board: JsonObject) -> None:
        """Raise ``GoalsRefused`` where a field is named in the configuration that the board does not have."""
        there = {str(each.get("name", "")) for each in board["fields"]["nodes"]}
        stated = self._settings.model_fields_set
        wrong = [
            f"{setting}: the board has no field {name!r}; it has {', '.join(sorted(filter(None, there)))}"
            for name, setting in self._settings.named_fields.items()
            if setting in stated and name not in there
        ]
        if wrong:
            raise GoalsRefused(wrong)


def _hung(goals: Sequence[StatedGoal]) -> tuple[StatedGoal, ...]:
    """Return the goals, those that have no parent of GitHub's below the first one that lists them.

    What is a list's doing is stated by key, and found anew each time: it changes with another goal's body. Where lists
    lead in a circle, the first of them counts.
    """
    keys = {each.id: each.goal.key for each in goals}
    above = {each.goal.key: keys.get(each.parent, "") for each in goals}
    for each in goals:
        for key in each.goal.serving.issues if each.goal.serving else ():
            if key in above and not above[key] and key not in _line(each.goal.key, above):
                above[key] = each.goal.key
    return tuple(
        each if each.parent and "#" not in each.parent else replace(each, parent=above.get(each.goal.key, ""))
        for each in goals
    )


def _line(key: str, above: Mapping[str, str]) -> list[str]:
    """Return a goal and all above it; GitHub's own parents make no circle, nor do those that are added to them."""
    found = [key]
    while (key := above.get(key, "")) and key not in found:
        found.append(key)
    return found


def _issues(ids: Mapping[str, Any], known: Collection[str]) -> tuple[str, Mapping[str, Any]]:
    return queries.issues(known), ids


def _several(asked: Sequence[queries.List], _: Collection[str]) -> tuple[str, Mapping[str, Any]]:
    return queries.lists(asked)


def _statement(found: Sequence[StatedGoal | Unfit], cursor: str = "") -> Statement:
    goals = tuple(each for each in found if isinstance(each, StatedGoal))
    return Statement(goals, tuple(each for each in found if isinstance(each, Unfit)), cursor)


def _is(node: JsonObject, *kinds: str) -> bool:
    return (node.get("content") or {}).get("__typename") in kinds


def _of_node(error: JsonObject) -> bool:
    return error.get("type") == "NOT_FOUND" and (error.get("path") or [None])[0] == "nodes"


def _next(page: JsonObject, after: str, name: str) -> str:
    """Return where the next page begins; raises ``TrackerUnusable`` where the pages repeat."""
    found = page["pageInfo"]["endCursor"]
    if not found or found == after:
        raise TrackerUnusable(
            f"the list of {name} never ends: its pages repeat", reason="protocol", advice="report this to GitHub"
        )
    return str(found)
