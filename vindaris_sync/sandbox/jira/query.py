"""What a JQL text means on this site: which projects to walk, how old is too old, and a test for each issue."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from vindaris_sync.sandbox.jira.jql import Both, Clause, Either, Node, Not, Operand, Query, parse
from vindaris_sync.sandbox.jira.model import EPIC_LINK, Account, Field, Option, State, User
from vindaris_sync.sandbox.jira.refusal import Refusal
from vindaris_sync.sandbox.jira.world import MAX_DIGITS, World, millis

Test = Callable[[State], bool]

_DATES = ("updated", "created", "resolutiondate")
_ALIASES = {
    "issuekey": "key", "issue": "key", "type": "issuetype", "updateddate": "updated", "createddate": "created",
    "resolved": "resolutiondate", "resolutiondate": "resolutiondate", "label": "labels",
}  # fmt: skip
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_PERIOD = re.compile(r"[+-]?[0-9]{1,6}[wdhm](?:\s*[0-9]{1,6}[wdhm])*")
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_NAMED = {"issuetype": "types", "status": "statuses", "priority": "priorities", "resolution": "resolutions"}
_ORDERABLE = frozenset(
    {"id", "key", "updated", "created", "resolutiondate", "summary", "status", "priority", "issuetype", "project"}
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, where: decides which projects exist for the query and which zone its dates are in."""

    world: World
    account: Account
    cloud: bool
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """How to answer a query: ``None`` for ids and parents means unrestricted; ``test`` decides every rest."""

    projects: frozenset[str]
    order: tuple[tuple[str, bool], ...]
    test: Test | None
    since: int | None = None
    ids: frozenset[int] | None = None
    parents: frozenset[int] | None = None


def plan(text: str, scope: Scope) -> Plan:
    """Return how to answer a JQL text; raises ``Refusal`` (400) with Jira's reason for what it does not accept."""
    return _Planner(scope).plan(parse(text))


class _Planner:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._world = scope.world
        self._errors: list[str] = []
        self._seen = frozenset(p.id for p in scope.world.projects.values() if scope.account.sees(p))

    def plan(self, query: Query) -> Plan:
        if query.where is None and self._scope.cloud:
            raise Refusal("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
        order = tuple((self._orderable(name), down) for name, down in query.order)
        clauses = query.where.nodes if isinstance(query.where, Both) else (query.where,) if query.where else ()
        found = Plan(self._seen, order or (("created", True),), None)
        tests: list[Test] = []
        for node in clauses:
            found = self._narrow(found, node) or self._also(found, tests, node)
        if self._errors and self._scope.strict:
            raise Refusal(*dict.fromkeys(self._errors))
        return replace(found, test=_all(tests))

    def _also(self, found: Plan, tests: list[Test], node: Node) -> Plan:
        tests.append(self._test(node))
        return found

    def _narrow(self, found: Plan, node: Node) -> Plan | None:
        """Return a narrower plan that makes the node's test superfluous; None where only a test can tell."""
        if not isinstance(node, Clause) or node.operator not in ("=", "in", ">=", ">"):
            return None
        name = _name(node.field)
        if node.operator in (">=", ">"):
            if name != "updated" or found.since is not None:
                return None
            return replace(found, since=self._instant("updated", node.values[0]) + (node.operator == ">"))
        if any(value.empty for value in node.values):
            return None
        narrower: Plan | None = None
        if name == "project":
            narrower = replace(found, projects=found.projects & self._projects(node.values))
        elif name in ("id", "key") and found.ids is None:
            narrower = replace(found, ids=self._ids(name, node.values))
        elif name == "parent" and found.parents is None and self._scope.cloud:
            narrower = replace(found, parents=self._ids("parent", node.values))
        return narrower

    def _test(self, node: Node) -> Test:
        match node:
            case Both():
                return _all([self._test(part) for part in node.nodes]) or (lambda _: True)
            case Either():
                parts = [self._test(part) for part in node.nodes]
                return lambda state: any(part(state) for part in parts)
            case Not():
                inner = self._test(node.node)
                return lambda state: not inner(state)
            case Clause():
                return self._clause(node)

    def _clause(self, clause: Clause) -> Test:
        if clause.operator in ("!=", "not in", "is not", "!~"):
            opposite = {"!=": "=", "not in": "in", "is not": "is", "!~": "~"}[clause.operator]
            return self._unlike(clause, self._clause(Clause(clause.field, opposite, clause.values)))
        name = _name(clause.field)
        if name in _DATES:
            return self._dated(name, clause)
        if clause.operator in (">", ">=", "<", "<="):
            raise Refusal(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
        if any(value.empty for value in clause.values):
            return self._void(clause)
        return self._equal(name, clause)

    def _unlike(self, clause: Clause, like: Test) -> Test:
        """Return the test of a negated clause: in JQL an empty field is not unlike anything."""
        void = self._void(clause)
        if any(value.empty for value in clause.values):
            return lambda state: not like(state)
        return lambda state: not like(state) and not void(state)

    def _equal(self, name: str, clause: Clause) -> Test:
        if name == "project":
            projects = self._projects(clause.values)
            return lambda state: state.project.id in projects
        if name in ("id", "key"):
            ids = self._ids(name, clause.values)
            return lambda state: state.id in ids
        if name == "parent":
            return self._below(self._ids(name, clause.values), epics=self._scope.cloud, subtasks=True)
        if name in _NAMED:
            return self._named(name, clause)
        if name == "statuscategory":
            return self._category(clause)
        return self._held(self._field(clause.field), clause)

    def _below(self, parents: frozenset[int], *, epics: bool, subtasks: bool) -> Test:
        return lambda state: state.parent in parents and (subtasks if state.type.subtask else epics)

    def _named(self, name: str, clause: Clause) -> Test:
        table: dict[str, Any] = getattr(self._world, _NAMED[name])
        chosen: set[object] = set()
        for value in clause.values:
            wanted = value.text.casefold()
            found = {thing for thing in table.values() if thing.name.casefold() == wanted or thing.id == value.text}
            chosen |= found or self._unknown(value.text, clause.field)
        return lambda state: state.values.get(name) in chosen

    def _category(self, clause: Clause) -> Test:
        wanted = {value.text.casefold() for value in clause.values}
        return lambda state: bool({state.status.category.name.casefold(), state.status.category.key} & wanted)

    def _held(self, field: Field, clause: Clause) -> Test:
        if field.kind == EPIC_LINK:
            return self._below(self._ids(clause.field, clause.values), epics=True, subtasks=False)
        if clause.operator == "~":
            words = [value.text.casefold().strip('"*') for value in clause.values]
            return lambda state: any(word in str(state.values.get(field.id) or "").casefold() for word in words)
        wanted = {self._text(value) for value in clause.values}
        if field.contexts and field.type in ("option", "array"):
            self._offered(field, clause)
        return lambda state: not wanted.isdisjoint(_shown(state.values.get(field.id)))

    def _offered(self, field: Field, clause: Clause) -> None:
        options = [option for context in field.contexts for option in context.options]
        known = {option.value.casefold() for option in options} | {option.id for option in options}
        for value in clause.values:
            if options and value.text.casefold() not in known:
                self._errors.append(f"The option '{value.text}' for field '{clause.field}' does not exist.")

    def _text(self, value: Operand) -> str:
        if value.call and value.text.casefold() == "currentuser":
            return self._scope.account.user.account_id
        return value.text.casefold()

    def _void(self, clause: Clause) -> Test:
        name = _name(clause.field)
        if name in ("id", "key", "project", "created", "updated", "statuscategory"):
            return lambda _: False
        field = self._field(clause.field)
        if field.kind == EPIC_LINK:
            return lambda state: state.parent is None or state.type.subtask
        if name == "parent":
            epics = self._scope.cloud
            return lambda state: state.parent is None or not (epics or state.type.subtask)
        return lambda state: state.values.get(field.id) in (None, (), "")

    def _field(self, ref: str) -> Field:
        field = self._world.field(_ALIASES.get(ref.lower(), ref))
        if field is None:
            raise Refusal(f"Field '{ref}' does not exist or you do not have permission to view it.")
        return field

    def _projects(self, values: tuple[Operand, ...]) -> frozenset[str]:
        chosen = set()
        for value in values:
            named = [p for p in self._world.projects.values() if p.name.casefold() == value.text.casefold()]
            project = self._world.project(value.text) or next(iter(named), None)
            if project is None or project.id not in self._seen:
                self._unknown(value.text, "project")
            else:
                chosen.add(project.id)
        return frozenset(chosen)

    def _ids(self, field: str, values: tuple[Operand, ...]) -> frozenset[int]:
        chosen = set()
        for value in values:
            issue = self._world.seen(value.text, self._scope.account)
            if issue is not None:
                chosen.add(issue.state.id)
            elif value.text.isdecimal():
                self._errors.append(f"A value with ID '{value.text}' does not exist for the field '{field}'.")
            else:
                self._errors.append(f"An issue with key '{value.text}' does not exist for field '{field}'.")
        return frozenset(chosen)

    def _unknown(self, value: str, field: str) -> set[object]:
        self._errors.append(f"The value '{value}' does not exist for the field '{field}'.")
        return set()

    def _dated(self, name: str, clause: Clause) -> Test:
        if clause.operator == "is":
            return lambda state: _at(state, name) is None
        compare = _COMPARE.get(clause.operator)
        if compare is None:
            raise Refusal(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
        border = self._instant(clause.field, clause.values[0])
        return lambda state: (at := _at(state, name)) is not None and compare(at, border)

    def _instant(self, field: str, value: Operand) -> int:
        """Return epoch milliseconds: a bare number is that, a date is in the account's zone, a period is from now."""
        text = value.text
        if value.call and text.casefold() == "now":
            return self._world.now()
        if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS and not value.quoted:
            return int(text)
        if _PERIOD.fullmatch(text):
            sign = -1 if text.startswith("-") else 1
            parts = re.findall(r"(\d+)([wdhm])", text)
            return self._world.now() + sign * sum((int(n) * _UNITS[unit] for n, unit in parts), timedelta()) // _MILLI
        for form in _FORMATS:
            try:
                local = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the account's, set next
            except ValueError:
                continue
            return millis(local.replace(tzinfo=ZoneInfo(self._scope.account.user.time_zone)))
        raise Refusal(
            f"Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    def _orderable(self, name: str) -> str:
        known = _name(name)
        if known in _ORDERABLE:
            return known
        return self._field(name).id


_MILLI = timedelta(milliseconds=1)


def _name(field: str) -> str:
    lowered = field.lower()
    return _ALIASES.get(lowered, lowered)


def _at(state: State, name: str) -> int | None:
    at: int | None = state.values.get(name) if name == "resolutiondate" else getattr(state, name)
    return at


def _all(tests: list[Test]) -> Test | None:
    if len(tests) <= 1:
        return tests[0] if tests else None
    return lambda state: all(test(state) for test in tests)


def _shown(value: object) -> set[str]:
    """Return what JQL may call a field's value: texts, option ids, people's names."""
    match value:
        case None:
            return set()
        case tuple():
            return {name for item in value for name in _shown(item)}
        case Option():
            return {value.value.casefold(), value.id}
        case User():
            return {value.account_id, value.name.casefold(), value.display_name.casefold()}
        case _:
            return {str(value).casefold()}
