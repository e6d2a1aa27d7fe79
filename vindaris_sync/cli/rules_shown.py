"""Link rules as people and programs read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from vindaris_sync.app import link_rules, open_store
from vindaris_sync.cli.output import emit, moment, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.records import Cause, GoalBook
from vindaris_sync.domain.rules import Condition, Rule, RuleBook, Stated
from vindaris_sync.domain.text import counted
from vindaris_sync.engine.ruling import stated_rules
from vindaris_sync.store.store import Store

Document = dict[str, Any]


def gather(config: Config) -> list[Document]:
    """Return the rules in their order, with what is held of each."""
    with open_store(config) as store:
        goals, held = store.goal_book(), _held(store.rule_book())
        stated = (*stated_rules(store), *link_rules(config))
        fulfilled, linked = _fulfilled(store, stated), store.ruled()
        return [
            {**document, "fulfilled": document["linked"] if Condition.ISSUE in each.conditions else fulfilled[place]}
            for place, each in enumerate(stated)
            for document in [_document(each, held.get(each.identity), goals, linked)]
        ]


def _held(book: RuleBook) -> dict[str, Rule]:
    return {rule.stated.identity: rule for rule in book.rules if rule.active}


def _fulfilled(store: Store, stated: Sequence[Stated]) -> Counter[int]:
    """Return how many open issues fulfil each rule by themselves, whatever decides their link."""
    found: Counter[int] = Counter()
    rules = [Rule(place, each, None) for place, each in enumerate(stated)]
    called = store.called()
    for tracker, place, type_, traits, count in store.shapes():
        name = called.get((tracker, place), "")
        fulfil = [rule for rule in rules if rule.matches(tracker, place, type_, traits, called=name)]
        found.update({rule.id: count for rule in fulfil})
    return found


def _document(stated: Stated, rule: Rule | None, goals: GoalBook, linked: dict[int, int]) -> Document:
    return {
        "rule": rule.name if rule else None,
        "conditions": {str(name): list(values) for name, values in stated.conditions.items()},
        "name": stated.name,
        "source": stated.source or None,
        "goal": stated.goal,
        "known": goals.find(stated.goal) is not None,
        "in_force": rule is not None and rule.in_force and rule.stated.goal == stated.goal,
        "linked": linked.get(rule.id, 0) if rule else 0,
        "suspect": rule is not None and rule.suspect,
        "revision": rule.link.revision if rule and rule.link else None,
        "causes": [asked(cause) for cause in (rule.causes if rule else ()) if cause.open],
    }


def asked(cause: Cause) -> Document:
    """Return a cause of a rule's review."""
    return {
        "reason": str(cause.key.reason),
        "detail": cause.detail,
        "opened": cause.opened,
        "backlog": False,
        "answer": str(cause.answer) if cause.answer else None,
    }


def tell(found: Sequence[Document], *, as_json: bool) -> None:
    """Print the rules."""
    if as_json:
        emit({"rules": [{key: value for key, value in each.items() if key != "name"} for each in found]})
        return
    idle = [each for each in found if each["source"] and not each["linked"]]
    shown = [each for each in found if each not in idle]
    table(("rule", "an issue with", "serves", "fulfil it", "linked by it", ""), map(_row, shown))
    if idle:
        say(f"{counted(len(idle), 'rule')} more, stated at goals, link no open issue.", style="dim")
    if not found:
        say("There are no link rules: [[rules]] in the configuration states some.")
    elif never := [each["rule"] or each["name"] for each in shown if not each["fulfilled"]]:
        say(f"No open issue fulfils {counted(len(never), 'rule')}: {', '.join(never)}", style="yellow")


def _row(one: Document) -> tuple[object, ...]:
    goal, rule = one["goal"], one["rule"] or "new"
    return rule, one["name"], goal, f"{one['fulfilled']:,}", f"{one['linked']:,}", _remark(one)


def _remark(one: Document) -> str:
    if not one["known"]:
        return "rests: no goal has this key"
    if not one["in_force"]:
        return "counts from the next pass on"
    return "; ".join(f"{each['detail']} (since {moment(each['opened'])})" for each in one["causes"])
