"""Link rules as they are configured, under numbers that stay, and what is asked about them (R6, R8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from vindaris_sync.domain.actions import AnswerRule, AskRule, ConfirmRule, SetState
from vindaris_sync.domain.models import Link, Provenance, Traits
from vindaris_sync.domain.records import Cause, GoalBook, GoalFacts
from vindaris_sync.domain.rules import Condition, Rule, RuleBook, Stated
from vindaris_sync.store.called import all_called
from vindaris_sync.store.causes import Subject, causes_of, close_causes, open_causes
from vindaris_sync.store.codec import dump, load, load_traits, to_instant, to_micros
from vindaris_sync.store.part import Part
from vindaris_sync.store.sql import Sql

CONFIGURED = "configuration"
"""Who states a rule; it is confirmed against its goal as that stands then."""

SUSPECT = (
    "EXISTS (SELECT 1 FROM cause WHERE cause.rule_id = rule.id AND cause.is_open AND cause.reason = 'goal_changed')"
)
"""Whether a rule stands on other contents of its goal than it was confirmed against; asked about wherever it is so."""

_HISTORY = (
    "INSERT INTO history (at, rule_id, goal_id, event, who, how, why, goal_revision, before, after, pass_id) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UNDER_RULES = "NOT due AND carrier_id IS NULL AND presence IN ('present', 'context', 'hidden')"
"""What rules may decide: nothing explicit stands on it or above it."""


class _Held(NamedTuple):
    id: int
    position: int
    folded: str
    conditions: str
    goal: str
    active: bool
    suspect: bool
    goal_id: int | None
    who: str
    at: int
    revision: int | None
    fingerprint: str | None

    @property
    def stated(self) -> Stated:
        conditions = {Condition(name): tuple(values) for name, values in load(self.conditions).items()}
        return Stated(self.goal, conditions, "" if self.folded.startswith("[") else self.folded)

    @property
    def told(self) -> tuple[str, ...]:
        """What the history says of it: its place in the order, its conditions and its goal."""
        return (str(self.position), self.stated.name, self.goal) if self.active else ()


class Rules(Part):
    """The link rules."""

    def put_rules(self, stated: Sequence[Stated], goals: GoalBook, now: datetime) -> bool:
        """Let ``stated`` be the rules, in this order; return whether anything changed.

        Two rules are the same where they ask for the same; such a rule keeps its number. A rule that is new, or leads
        to another goal, is confirmed by being stated. One whose key names no goal rests until there is such a goal. In
        the same transaction what the changed rules may decide is due.
        """
        wanted = {each.identity: (place, each, goals.find(each.goal)) for place, each in enumerate(stated, 1)}
        with self._db.read() as sql:
            if _as_wanted(_held(sql), wanted):
                return False
        with self._db.write() as sql:
            held = {each.folded: each for each in _held(sql)}
            touched = _touched(held, wanted)
            at = to_micros(now)
            for folded, (place, each, goal) in wanted.items():
                facts = None if goal is None else goals.goals[goal]
                _state(sql, held.get(folded), _version(held.get(folded), place, each, facts, at), at)
            for folded, left in held.items():
                if left.active and folded not in wanted:
                    _state(sql, left, left._replace(active=False), at)
            _mark(sql, touched)
        return True

    def rule_book(self) -> RuleBook:
        """Return the rules in their order, then those that are configured no more."""
        with self._db.read() as sql:
            held = sorted(_held(sql), key=lambda each: (not each.active, each.position, each.id))
            causes = causes_of(sql, Subject.RULE, [each.id for each in held])
            called = all_called(sql) if held else {}
        renamed = {scope: name for scope, name in called.items() if name != scope[1]}
        return RuleBook(tuple(_rule(each, causes.get(each.id, ())) for each in held), renamed)

    def shapes(self) -> tuple[tuple[str, str, str, Traits, int], ...]:
        """Return what rules tell open tracked issues by, tracker, place, type and traits, and how many look so."""
        text = (
            "SELECT tracker, place, type, traits, count(*) FROM issue WHERE tracked AND NOT closed "
            "AND presence = 'present' GROUP BY tracker, place, type, traits"
        )
        with self._db.read() as sql:
            return tuple((*row[:3], load_traits(row[3]), row[4]) for row in sql.rows(text))

    def places(self) -> tuple[tuple[str, str], ...]:
        """Return every (tracker, place) that was seen."""
        with self._db.read() as sql:
            return tuple((row[0], row[1]) for row in sql.rows("SELECT tracker, place FROM place ORDER BY 1, 2"))

    def at_work(self) -> frozenset[int]:
        """Return the rules that link an open tracked issue; those that are over are passed over by the index."""
        text = (
            "SELECT id FROM rule WHERE EXISTS (SELECT 1 FROM issue WHERE rule_id = rule.id AND closed = FALSE "
            "AND tracked AND presence = 'present')"
        )
        with self._db.read() as sql:
            return frozenset(row[0] for row in sql.rows(text))

    def ruled(self) -> dict[int, int]:
        """Return, by rule, how many open tracked issues it links."""
        text = (
            "SELECT rule_id, count(*) FROM issue WHERE rule_id IS NOT NULL AND tracked AND NOT closed "
            "AND presence = 'present' GROUP BY rule_id"
        )
        with self._db.read() as sql:
            return {row[0]: row[1] for row in sql.rows(text)}


def _held(sql: Sql) -> list[_Held]:
    return [_Held(*row) for row in sql.rows(f"SELECT {', '.join(_Held._fields)} FROM rule ORDER BY id")]  # noqa: S608 - fixed names


def _rule(held: _Held, causes: tuple[Cause, ...]) -> Rule:
    link = None
    if held.goal_id is not None and held.revision is not None and held.fingerprint is not None:
        at = to_instant(held.at)
        link = Link(held.goal_id, Provenance.RULE, held.who, at, held.revision, held.fingerprint, primary=True)
    return Rule(held.id, held.stated, link, bool(held.active), causes, bool(held.suspect))


# --- what a change may decide -----------------------------------------------------------------------------------------


def _touched(held: Mapping[str, _Held], wanted: _Wanted) -> list[Stated] | None:
    """Return the rules that change, as they were and as they are, if all name their issues; None else."""
    old = {folded: each for folded, each in held.items() if each.active}
    changed = {
        folded
        for folded in old.keys() | wanted.keys()
        if folded not in old
        or folded not in wanted
        or (old[folded].conditions, old[folded].goal_id) != (_conditions(wanted[folded][1]), wanted[folded][2])
    }
    before = [each.folded for each in sorted(old.values(), key=lambda each: each.position)]
    if [one for one in before if one not in changed] != [one for one in wanted if one not in changed]:
        return None
    stated = [old[one].stated for one in changed & old.keys()] + [wanted[one][1] for one in changed & wanted.keys()]
    return stated if all(Condition.ISSUE in each.conditions for each in stated) else None


def _mark(sql: Sql, touched: Sequence[Stated] | None) -> None:
    """Mark as due what rules may decide: everything, or the issues that are named and all below them."""
    if touched is None:
        sql.run(f"UPDATE issue SET due = TRUE WHERE {_UNDER_RULES}")  # noqa: S608 - fixed text
        return
    seen: set[int] = set()
    below = set(_named(sql, touched))
    while below := below - seen:
        seen |= below
        below = {row[0] for row in sql.rows_in("SELECT id FROM issue WHERE parent_id IN ({})", below)}
    sql.run_in(f"UPDATE issue SET due = TRUE WHERE {_UNDER_RULES} AND id IN ({{}})", seen)  # noqa: S608 - fixed text


def _named(sql: Sql, touched: Iterable[Stated]) -> Iterator[int]:
    for each in touched:
        for tracker in each.conditions[Condition.TRACKER]:
            for column in ("ext_id", "key"):
                text = f"SELECT id FROM issue WHERE tracker = ? AND {column} IN ({{}})"  # noqa: S608 - fixed names
                yield from (row[0] for row in sql.rows_in(text, each.conditions[Condition.ISSUE], tracker))


# --- versions ---------------------------------------------------------------------------------------------------------

_Wanted = Mapping[str, tuple[int, Stated, int | None]]


def _as_wanted(held: Iterable[_Held], wanted: _Wanted) -> bool:
    now = {each.folded: (each.position, each.conditions, each.goal, each.goal_id) for each in held if each.active}
    return now == {
        folded: (place, _conditions(each), each.goal, goal) for folded, (place, each, goal) in wanted.items()
    }


def _conditions(stated: Stated) -> str:
    return dump({str(name): values for name, values in stated.conditions.items()})


def _version(held: _Held | None, place: int, stated: Stated, goal: GoalFacts | None, now: int) -> _Held:
    """Return the rule as it is stated; confirmed anew unless it was in force for the same goal."""
    number = goal.id if goal else None
    if held is not None and held.active and held.goal_id == number:
        return held._replace(position=place, conditions=_conditions(stated), goal=stated.goal)
    return _Held(
        id=held.id if held else 0,
        position=place,
        folded=stated.identity,
        conditions=_conditions(stated),
        goal=stated.goal,
        active=True,
        suspect=False,
        goal_id=number,
        who=CONFIGURED,
        at=now,
        revision=goal.revision if goal else None,
        fingerprint=goal.stamp if goal else None,
    )


def _state(sql: Sql, held: _Held | None, version: _Held, now: int) -> None:
    """Keep a version of a rule, and append to the history what became of it."""
    if version == held:
        return
    if held is None:
        names = _Held._fields[1:]
        text = f"INSERT INTO rule ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) RETURNING id"  # noqa: S608 - fixed names
        version = version._replace(id=int(sql.row(text, tuple(version[1:]))[0]))
    else:
        text = f"UPDATE rule SET {', '.join(f'{name} = ?' for name in _Held._fields[1:])} WHERE id = ?"  # noqa: S608 - fixed names
        sql.run(text, (*version[1:], version.id))
    before = held.told if held is not None else ()
    event = "rule_changed" if before and version.active else "rule_stated" if version.active else "rule_dropped"
    told: tuple[Any, ...] = (event, CONFIGURED, "settings", "", version.revision, dump(before), dump(version.told), "")
    sql.run(_HISTORY, (now, version.id, version.goal_id, *told))


# --- what a plan says of them ---------------------------------------------------------------------------------------


def apply_to_rules(  # noqa: PLR0913, PLR0917 - one argument for each kind of action
    sql: Sql,
    confirmed: Sequence[ConfirmRule],
    answered: Sequence[AnswerRule],
    asked: Sequence[AskRule],
    pass_id: str,
    now: int,
) -> None:
    """Apply what a plan wants of rules: confirmations, causes answered and asked, and whether they are suspect."""
    for each in confirmed:
        _confirm(sql, each, pass_id, now)
    close_causes(sql, Subject.RULE, [(each.rule, each) for each in answered], now)
    open_causes(sql, Subject.RULE, [(each.rule, each.cause) for each in asked])
    sql.run_in(
        f"UPDATE rule SET suspect = {SUSPECT} WHERE id IN ({{}})",  # noqa: S608 - a fixed text
        {each.rule for each in confirmed} | {each.rule for each in answered} | {each.rule for each in asked},
    )


def _confirm(sql: Sql, action: ConfirmRule, pass_id: str, now: int) -> None:
    link = action.link
    sql.run(
        "UPDATE rule SET revision = ?, fingerprint = ? WHERE id = ?", (link.revision, link.fingerprint, action.rule)
    )
    key = dump([sql.value("SELECT key FROM goal WHERE id = ?", (link.goal,))])
    told = ("rule_confirmed", action.who, action.how, action.why, link.revision, key, key, pass_id)
    sql.run(_HISTORY, (now, action.rule, link.goal, *told))


def leave_rules(sql: Sql, states: Iterable[SetState], pass_id: str, now: int) -> list[tuple[int, int]]:
    """Take issues from under rules whose ``states`` say so; return (rule, issue) of those that come under one.

    Call it before the states are set and bring issues under their rules after it: the schema wants both (L1). The
    history of each issue says which rule links it from now on, and which does no more.
    """
    if sql.row("SELECT 1 FROM rule LIMIT 1") is None:
        return []
    wanted = {each.issue: each.rule for each in states}
    held = {row[0]: row[1] for row in sql.rows_in("SELECT id, rule_id FROM issue WHERE id IN ({})", wanted)}
    changed = {issue: rule for issue, rule in wanted.items() if rule != held[issue]}
    sql.many("UPDATE issue SET rule_id = NULL WHERE id = ?", [(issue,) for issue in changed])
    _remember(sql, [(issue, held[issue], rule) for issue, rule in changed.items()], pass_id, now)
    return [(rule, issue) for issue, rule in changed.items() if rule is not None]


def _remember(sql: Sql, changed: Sequence[tuple[int, int | None, int | None]], pass_id: str, now: int) -> None:
    rules = {
        row[0]: row[1:]
        for row in sql.rows("SELECT r.id, g.id, g.key, r.revision FROM rule r JOIN goal g ON g.id = r.goal_id")
    }
    rows = []
    for issue, old, new in changed:
        goal, key, revision = rules.get(new, (None, None, None))
        event = "left_rule" if new is None else "linked_by_rule"
        before = dump([rules[old][1]] if old in rules else [])
        rows.append((now, issue, new or old, goal, event, revision, before, dump([key] if key else []), pass_id))
    sql.many(
        "INSERT INTO history (at, issue_id, rule_id, goal_id, event, how, goal_revision, before, after, pass_id) "
        "VALUES (?, ?, ?, ?, ?, 'rule', ?, ?, ?, ?)",
        rows,
    )
