"""One answer to many open reviews, chosen by what they are about: looked at first, then kept in one transaction."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer

from vindaris_sync.app import open_store
from vindaris_sync.cli.choosing import Choice, Wanted
from vindaris_sync.cli.deciding import NEXT, answers
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.output import emit, note, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain import decisions
from vindaris_sync.domain.actions import Plan
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.outcome import names
from vindaris_sync.domain.records import Answer, Cause, CauseKey, GoalBook, Reason, Record
from vindaris_sync.domain.reviews import answer_to
from vindaris_sync.domain.rules import Rule
from vindaris_sync.domain.sayings import Confirm
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.answering import Meant

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Manner:
    """How an answer to many is given: only shown, without a question, as JSON."""

    dry_run: bool = False
    yes: bool = False
    as_json: bool = False


@dataclass(slots=True)
class _Chosen:
    """What was found: what each issue is asked that the answer answers, the rules, and issues it does not answer."""

    keys: dict[int, frozenset[CauseKey]] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    others: int = 0
    changed: int = 0


def confirm(config: Config, wanted: Wanted, by: By, manner: Manner) -> None:
    """Confirm what the chosen issues, and the rules, are linked to, at the revisions that stand when it is asked."""
    with open_store(config) as store:
        book, choice = store.goal_book(), Choice(config, store, wanted)
        found = _chosen(choice, lambda cause: _confirms(cause.key, choice.goal))
        if not choice.about_issues:
            found.rules = [rule for rule in store.rule_book().rules if _asks(rule, choice)]
        seen = {goal.id: goal.revision for goal in book.goals.values()}

        def decide(record: Record, chain: Sequence[Record]) -> Plan:
            keys = found.keys[record.id]
            changed = {int(key.subject) for key in keys if key.reason is Reason.GOAL_CHANGED}
            known = {goal: seen[goal] for goal in changed}
            return decisions.confirm(record, chain, store.goal_book(), known, by, rules=rules, only=keys)

        rules = store.rule_book()
        if _agreed(found, book, "confirm", manner):
            with store.transaction():
                found.changed, _ = answers(config, store).sweep(found.keys, decide, by)
                rules_ = answers(config, store).every((Meant(rule.name) for rule in found.rules), Confirm(), by)
                found.changed += sum(one.changed for one in rules_)
        _tell(found, book, manner, "confirmed", {book.goals[goal].key: seen[goal] for goal in _subjects(found)})


def exempt(config: Config, wanted: Wanted, expiry: Callable[[Record], Any], by: By, manner: Manner) -> None:
    """State that the chosen issues are no goal work, each until ``expiry`` says."""
    with open_store(config) as store:
        book = store.goal_book()
        found = _chosen(Choice(config, store, wanted), lambda _: True)

        def decide(record: Record, _: Sequence[Record]) -> Plan:
            return decisions.exempt(record, expiry(record), book, by)

        if _agreed(found, book, "exempt", manner):
            with store.transaction():
                found.changed, _ = answers(config, store).sweep(found.keys, decide, by)
        _tell(found, book, manner, "exempt", {})


def _confirms(key: CauseKey, goal: int | None) -> bool:
    about = goal is None or key.subject in ("", str(goal))
    return about and answer_to(key) is Answer.CONFIRMED


def _asks(rule: Rule, choice: Choice) -> bool:
    goal = rule.link.goal if rule.link else None
    causes = [cause for cause in rule.causes if cause.answer is None and choice.asked(cause.key.reason)]
    return bool(causes) and choice.goal in (None, goal)


def _chosen(choice: Choice, answered: Callable[[Cause], bool]) -> _Chosen:
    found = _Chosen()
    for record, causes in choice.records():
        keys = frozenset(cause.key for cause in causes if cause.answer is None and answered(cause))
        if keys:
            found.keys[record.id], found.records[record.id] = keys, record
        else:
            found.others += 1
    return found


def _subjects(found: _Chosen) -> list[int]:
    return sorted({int(key.subject) for keys in found.keys.values() for key in keys if key.subject})


def _agreed(found: _Chosen, book: GoalBook, what: str, manner: Manner) -> bool:
    """Show what is meant and return whether it is to be done; refused where nobody can be asked."""
    number = len(found.keys) + len(found.rules)
    if not manner.as_json:
        shown = list(found.records.values())[:_SHOWN]
        table(("issue", "title", "goal"), (_row(record, book) for record in shown))
        if len(found.records) > _SHOWN:
            say(f"… and {len(found.records) - _SHOWN:,} more; --json shows all")
        for rule in found.rules:
            say(f"{rule.name}: {rule.stated.name}")
    if manner.dry_run or not number or manner.yes:
        return bool(number) and not manner.dry_run
    if manner.as_json or not sys.stdin.isatty():
        raise Refusal("nobody is there to be asked", advice="look at it with --dry-run, then add --yes")
    typer.confirm(f"{what.capitalize()} {counted(number, 'review')}?", abort=True, err=True)
    return True


def _row(record: Record, book: GoalBook) -> tuple[str, str, str]:
    return record.key, record.title, ", ".join(book.goals[goal].key for goal in record.goals)


def _tell(found: _Chosen, book: GoalBook, manner: Manner, done: str, revisions: Mapping[str, int]) -> None:
    if manner.as_json:
        issues = [
            {
                "issue": str(record.ref),
                "key": record.key,
                "goals": names(record.explicit, book),
                "asked": sorted({str(key.reason) for key in found.keys[record.id]}),
            }
            for record in found.records.values()
        ]
        facts = {"dry_run": manner.dry_run, "matched": len(issues), done: found.changed, "not_answered": found.others}
        rules = [rule.name for rule in found.rules]
        emit({**facts, "revisions": revisions, "rules": rules, "issues": issues, "next": NEXT})
        return
    at = "".join(f" at {key} revision {revision}" for key, revision in revisions.items()) if len(revisions) == 1 else ""
    number = len(found.keys) + len(found.rules)
    if manner.dry_run:
        say(f"{counted(number, 'review')} would be {done}{at}; nothing was changed")
    else:
        say(f"{counted(found.changed, 'review')} {done}{at}")
    if found.others:
        say(f"{found.others:,} more need another answer: `review list` shows what is asked", style="dim")
    if found.changed:
        note(f"kept; {NEXT}")
