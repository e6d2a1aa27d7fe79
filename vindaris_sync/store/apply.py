"""Applying a plan to the store: all of it in one transaction, action by kind of action (L12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from vindaris_sync.domain.actions import (
    Action,
    Announce,
    AnswerGoal,
    AnswerRule,
    AskGoal,
    AskRule,
    CloseCause,
    ConfirmGoal,
    ConfirmRule,
    OpenCause,
    Plan,
    SetBases,
    SetConflict,
    SetExplicit,
    SetState,
    Silence,
    StandFor,
    Wake,
)
from vindaris_sync.domain.models import Exemption, Link
from vindaris_sync.domain.records import CauseKey
from vindaris_sync.store.causes import Subject, close_causes, named, open_causes
from vindaris_sync.store.codec import (
    dump,
    dump_bases,
    dump_basis,
    dump_conflict,
    dump_stood,
    load_bases,
    maybe_micros,
    to_micros,
)
from vindaris_sync.store.goal_issues import confirm
from vindaris_sync.store.outbox import announce
from vindaris_sync.store.part import Part
from vindaris_sync.store.rules import apply_to_rules, leave_rules
from vindaris_sync.store.sql import Sql

_A = TypeVar("_A", bound=Action)


class Decisions(Part):
    """Applying of plans."""

    def apply(self, plan: Plan, pass_id: str, now: datetime) -> dict[str, int]:
        """Apply what ``plan`` wants of the store, wholly or not at all; return how many actions of each kind it held.

        Issues in ``plan.decided`` are due no more; others whose link changed are, and children of ``plan.descend``.
        ``WriteBack`` is the connector's business. Hold ``transaction()`` from before the view that was decided on
        until after this, so that nobody marks an issue due in between.

        Raises:
            StoreError: the schema refuses what the plan says (L1), or the database does not work; nothing was applied.

        """
        at, found = to_micros(now), _Sorted(plan.actions)
        with self._db.write() as sql:
            close_causes(sql, Subject.ISSUE, [(each.issue, each) for each in found.of(CloseCause)], at)
            open_causes(sql, Subject.ISSUE, [(each.issue, each.cause) for each in found.of(OpenCause)])
            _explicit(sql, found.of(SetExplicit), pass_id, at)
            _bases(sql, found.of(SetBases))
            conflicts = [(dump_conflict(each.conflict), each.issue) for each in found.of(SetConflict)]
            sql.many("UPDATE issue SET conflict = ? WHERE id = ?", conflicts)
            wakes = [(maybe_micros(each.at), each.issue) for each in found.of(Wake)]
            sql.many("UPDATE issue SET wake_at = ? WHERE id = ?", wakes)
            stood = [(dump_stood(each.stood), each.issue) for each in found.of(StandFor)]
            sql.many("UPDATE issue SET label_stood = ? WHERE id = ?", stood)
            _silence(sql, found.of(Silence))
            apply_to_rules(sql, found.of(ConfirmRule), found.of(AnswerRule), found.of(AskRule), pass_id, at)
            close_causes(sql, Subject.GOAL, [(each.goal, each) for each in found.of(AnswerGoal)], at)
            open_causes(sql, Subject.GOAL, [(each.goal, each.cause) for each in found.of(AskGoal)])
            confirm(sql, found.of(ConfirmGoal), pass_id, at)
            announce(sql, found.of(Announce), at)
            _settle(sql, plan, found, pass_id, at)
        return found.counts()


class _Sorted:
    """The actions of a plan by kind, each kind in the plan's order."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._kinds: dict[type, list[Any]] = defaultdict(list)
        for action in actions:
            self._kinds[type(action)].append(action)

    def of(self, kind: type[_A]) -> list[_A]:
        return self._kinds.get(kind, [])

    def counts(self) -> dict[str, int]:
        return {kind.__name__: len(found) for kind, found in self._kinds.items()}


# --- links ----------------------------------------------------------------------------------------------------------


def _explicit(sql: Sql, actions: Sequence[SetExplicit], pass_id: str, now: int) -> None:
    """Let the last action about an issue stand, and remember all of them: what was adopted may be confirmed at once."""
    if not actions:
        return
    last = {each.issue: each for each in actions}
    touched = [(issue,) for issue in last]
    sql.many("DELETE FROM link WHERE issue_id = ?", touched)
    sql.many("DELETE FROM exemption WHERE issue_id = ?", touched)
    sql.many(
        "INSERT INTO link (issue_id, goal_id, is_primary, provenance, who, at, revision, fingerprint) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            _link(each.issue, link)
            for each in last.values()
            if not isinstance(each.explicit, Exemption)
            for link in each.explicit
        ],
    )
    sql.many(
        "INSERT INTO exemption (issue_id, reason, author, at, expires) VALUES (?, ?, ?, ?, ?)",
        [
            (each.issue, what.reason, what.author, to_micros(what.at), maybe_micros(what.expires))
            for each in last.values()
            for what in [each.explicit]
            if isinstance(what, Exemption)
        ],
    )
    sql.many(
        "UPDATE issue SET by_machine = ?, due = TRUE WHERE id = ?",
        [(each.by_machine, each.issue) for each in last.values()],
    )
    _remember(sql, [_told(each, pass_id, now) for each in actions])


def _link(issue: int, link: Link) -> tuple[object, ...]:
    return (
        issue,
        link.goal,
        link.primary,
        str(link.provenance),
        link.who,
        to_micros(link.at),
        link.revision,
        link.fingerprint,
    )


def _told(action: SetExplicit, pass_id: str, now: int) -> tuple[object, ...]:
    links = () if isinstance(action.explicit, Exemption) else action.explicit
    first = next((link for link in links if link.primary), links[0] if links else None)
    return (
        now,
        action.issue,
        first.goal if first else None,
        action.event,
        action.who,
        action.how,
        action.why,
        first.revision if first else None,
        dump(action.before),
        dump(action.after),
        pass_id,
    )


def _remember(sql: Sql, rows: Sequence[tuple[object, ...]]) -> None:
    sql.many(
        "INSERT INTO history (at, issue_id, goal_id, event, who, how, why, goal_revision, before, after, pass_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _bases(sql: Sql, actions: Sequence[SetBases]) -> None:
    query = "SELECT id, bases FROM issue WHERE id IN ({})"
    held = {row[0]: load_bases(row[1]) for row in sql.rows_in(query, [each.issue for each in actions])}
    for each in actions:
        held[each.issue].update(each.bases)
    sql.many("UPDATE issue SET bases = ? WHERE id = ?", [(dump_bases(bases), issue) for issue, bases in held.items()])


# --- states and reviews ---------------------------------------------------------------------------------------------


def _settle(sql: Sql, plan: Plan, found: _Sorted, pass_id: str, now: int) -> None:
    """Bring states, reviews and due marks to what the plan says; one statement per issue where it has a state.

    Reviews open with or before the state that needs them and close after the one that did (L1).
    """
    opened = dict.fromkeys(each.issue for each in found.of(OpenCause))
    decided = dict.fromkeys(plan.decided)
    states = {each.issue: each for each in found.of(SetState)}
    sql.many(
        "UPDATE issue SET review_open = TRUE, review_at = ?, times_opened = times_opened + 1 "
        "WHERE id = ? AND NOT review_open",
        [(now, issue) for issue in opened if issue not in states],
    )
    ruled = leave_rules(sql, states.values(), pass_id, now)
    sql.many(_STATE, [_state(each, now, each.issue in opened, each.issue in decided) for each in states.values()])
    sql.many(_CARRIER, [(each.carrier, each.issue, each.carrier) for each in states.values()])
    sql.many("UPDATE issue SET rule_id = ? WHERE id = ?", ruled)
    _close_reviews(sql, {each.issue for each in found.of(CloseCause)})
    unstated = [(issue,) for issue in decided if issue not in states]
    sql.many("UPDATE issue SET due = FALSE WHERE id = ? AND due", unstated)
    below = sql.rows_in("SELECT id FROM issue WHERE NOT due AND parent_id IN ({})", plan.descend)
    sql.run_in("UPDATE issue SET due = TRUE WHERE id IN ({})", {row[0] for row in below} - decided.keys())


_STATE = (
    "UPDATE issue SET state = ?, goals = ?, basis = ?, tracked = ?, parent_unknown = ?, suspect = ?, "
    "undecided_since = ?, timing = ?, decided = TRUE, "
    "review_at = CASE WHEN ? AND NOT review_open THEN ? ELSE review_at END, "
    "times_opened = CASE WHEN ? AND NOT review_open THEN times_opened + 1 ELSE times_opened END, "
    "review_open = review_open OR ?, due = due AND NOT ? WHERE id = ?"
)


_CARRIER = "UPDATE issue SET carrier_id = ? WHERE id = ? AND carrier_id IS DISTINCT FROM ?"
"""Apart, since it seldom changes and setting a column that refers to a row costs as much as all the others."""


def _state(each: SetState, now: int, opens: bool, decided: bool) -> tuple[object, ...]:  # noqa: FBT001 - columns
    return (
        str(each.state), dump(each.goals), dump_basis(each.basis), each.tracked, each.parent_unknown,
        each.suspect, each.undecided_since, each.timing, opens, now, opens, opens, decided, each.issue,
    )  # fmt: skip


def _silence(sql: Sql, actions: Sequence[Silence]) -> None:
    silenced: dict[CauseKey, list[int]] = defaultdict(list)
    for each in actions:
        silenced[each.key].append(each.issue)
    text = "UPDATE cause SET labelled = FALSE WHERE reason = ? AND subject = ? AND fingerprint = ? AND issue_id IN ({})"
    for key, issues in silenced.items():
        sql.run_in(text, issues, *named(key))


def _close_reviews(sql: Sql, issues: Iterable[int]) -> None:
    sql.many(
        "UPDATE issue SET review_open = FALSE, review_at = NULL WHERE id = ? AND review_open "
        "AND NOT EXISTS (SELECT 1 FROM cause WHERE issue_id = issue.id AND is_open)",
        [(issue,) for issue in sorted(issues)],
    )
