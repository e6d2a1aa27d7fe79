"""A person's decisions on issues, kept in one transaction; the trackers follow in the next pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from typing import Any

from vindaris_sync.app import open_store, teams_of
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.finding import chain_above, is_goal, is_rule, must_carry, the_goal, the_issue, the_rule
from vindaris_sync.cli.output import emit, note, say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain import decisions, ruling
from vindaris_sync.domain.actions import AnswerGoal, AnswerRule, CloseCause, Plan
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.outcome import names
from vindaris_sync.domain.records import Answer, GoalBook, Record
from vindaris_sync.domain.reviews import answer_to
from vindaris_sync.domain.rules import PREFIX, Rule
from vindaris_sync.domain.work import GOAL_PREFIX, confirm_without
from vindaris_sync.engine import showing
from vindaris_sync.store.store import Store

NEXT = "written to the tracker in the next pass"
"""What follows a decision."""

Decide = Callable[[Store, Record, GoalBook], Plan]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on one issue: its link before and after, and what it is asked that was answered or stays."""

    issue: str
    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    answered: tuple[str, ...]
    changed: bool
    open: tuple[str, ...]


def by(who: str, how: str, why: str = "") -> By:
    """Return who decides: the name given, else the login name."""
    return By(who or login(), how, why, datetime.now(UTC))


def login() -> str:
    """Return who is logged in."""
    try:
        return getuser()
    except (KeyError, OSError):  # a user id without a name, in a container for instance
        return "somebody"


def decide_each(config: Config, refs: Sequence[str], decide: Decide) -> list[Decided]:
    """Let ``decide`` say what is decided on each of ``refs``; all of it is kept, or nothing."""
    with open_store(config) as store, store.transaction():
        book = store.goal_book()
        return [_kept(store, the_issue(store, ref), book, decide) for ref in refs]


def _kept(store: Store, record: Record, book: GoalBook, decide: Decide) -> Decided:
    plan = decide(store, record, book)
    store.apply(plan, "", datetime.now(UTC))
    store.mark_due([record.id])
    after = store.view_records([record.id])[record.id]
    answered = tuple(str(each.key.reason) for each in plan.actions if isinstance(each, CloseCause))
    left = tuple(str(cause.key.reason) for cause in after.causes if cause.open)
    return Decided(
        str(record.ref), record.key, names(record.explicit, book), names(after.explicit, book), answered,
        bool(plan.actions), left,
    )  # fmt: skip


def chosen_goals(config: Config, record: Record, book: GoalBook, goals: Sequence[str]) -> list[int]:
    """Return the goals by number, the primary first; refuse several where the tracker's issues may serve one only."""
    chosen = list(dict.fromkeys(the_goal(book, name) for name in goals))
    if len(chosen) > 1 and not several_allowed(config, record.ref.tracker):
        raise Refusal(
            f"{record.key}: an issue of {record.ref.tracker} serves one goal only",
            advice=f"name one goal, or set several_goals = true in [trackers.{record.ref.tracker}.write_back]",
        )
    return chosen


def several_allowed(config: Config, tracker: str) -> bool:
    """Return whether an issue of ``tracker`` may serve several goals."""
    settings = config.trackers.get(tracker)
    return settings is not None and settings.write_back.several_goals


def link(config: Config, ref: str, goals: Sequence[str], who: By) -> Decided:
    """Link one issue."""

    def decide(_: Store, record: Record, book: GoalBook) -> Plan:
        chosen = chosen_goals(config, record, book, goals)
        return decisions.link(record, chosen, book, who, Provenance.CHOSEN)

    return decide_each(config, [ref], decide)[0]


def unlink(config: Config, refs: Sequence[str], who: By) -> list[Decided]:
    """Take links and exemptions off issues."""

    def decide(_: Store, record: Record, book: GoalBook) -> Plan:
        if not record.explicit:
            raise Refusal(f"{record.key} has no link or exemption of its own", advice=_inherits(record))
        return decisions.unlink(record, book, who)

    return decide_each(config, refs, decide)


def _inherits(record: Record) -> str:
    if record.rule is not None:
        return f"{PREFIX}{record.rule} links it: `vindaris-sync rule list` shows what that asks for"
    inherits = record.carrier is not None and record.carrier != record.id
    return f"it inherits one: `vindaris-sync trace {record.key}` shows from where" if inherits else ""


def confirm(config: Config, refs: Sequence[str], who: By) -> list[Decided]:
    """Confirm what issues are linked to, and where rules lead, at the goals' present revisions."""

    def decide(store: Store, record: Record, book: GoalBook) -> Plan:
        asked = [cause.key for cause in record.causes if cause.answer is None]
        if not asked:
            raise Refusal(f"{record.key} asks nothing", advice="`vindaris-sync review list` shows what does")
        if all(answer_to(key) is not Answer.CONFIRMED for key in asked):
            reasons = ", ".join(sorted({str(key.reason) for key in asked}))
            raise Refusal(
                f"{record.key} is asked about because of {reasons}, which no confirmation answers",
                advice=f"`vindaris-sync review relink {record.key} GOAL`, or `review exempt {record.key} --reason …`",
            )
        chain = () if must_carry(config, record) else chain_above(store, record)
        return decisions.confirm(record, chain, book, _revisions(book), who, rules=store.rule_book())

    with open_store(config) as store, store.transaction():
        book = store.goal_book()
        return [_confirmed(config, store, ref, book, decide, who) for ref in refs]


def _confirmed(  # noqa: PLR0913, PLR0917 - whatever a reference may mean
    config: Config, store: Store, ref: str, book: GoalBook, decide: Decide, who: By
) -> Decided:
    if is_rule(ref):
        return confirm_rule(config, store, the_rule(store, ref), book, who)
    if is_goal(ref):
        return confirm_goal(store, the_goal(book, ref.removeprefix(GOAL_PREFIX)), book, who)
    return _kept(store, the_issue(store, ref), book, decide)


def confirm_goal(store: Store, goal: int, book: GoalBook, who: By) -> Decided:
    """Confirm that a goal is right without the required work that was dropped, in the caller's transaction."""
    key = book.goals[goal].key
    asked = [cause for cause in store.goal_causes().get(goal, ()) if cause.answer is None]
    if not asked:
        raise Refusal(f"{GOAL_PREFIX}{key} asks nothing", advice="`vindaris-sync review list` shows what does")
    actions = tuple(confirm_without(goal, asked, store.work_scopes(), who))
    store.apply(Plan(actions, ()), "", who.at)
    answered = tuple(str(each.key.reason) for each in actions if isinstance(each, AnswerGoal))
    return Decided(f"{GOAL_PREFIX}{key}", f"{GOAL_PREFIX}{key}", (key,), (key,), answered, bool(actions), ())


def _revisions(book: GoalBook) -> dict[int, int]:
    return {goal.id: goal.revision for goal in book.goals.values()}


def confirm_rule(config: Config, store: Store, rule: Rule, book: GoalBook, who: By) -> Decided:
    """Confirm that a rule still leads to the right goal, in the caller's transaction."""
    if not any(cause.answer is None for cause in rule.causes):
        raise Refusal(f"{rule.name} asks nothing", advice="`vindaris-sync review list` shows what does")
    told = teams_of(config).told_of(rule, store.places()).values()
    plan = ruling.confirm(rule, book, _revisions(book), told, who)
    store.apply(plan, "", who.at)
    answered = tuple(str(each.key.reason) for each in plan.actions if isinstance(each, AnswerRule))
    goals, after = (rule.stated.goal,), the_rule(store, rule.name)
    left = tuple(str(cause.key.reason) for cause in after.causes if cause.open)
    return Decided(rule.name, rule.name, goals, goals, answered, bool(plan.actions), left)


def exempt(config: Config, refs: Sequence[str], expires: datetime, who: By) -> list[Decided]:
    """State that issues are no goal work, until ``expires``."""
    return decide_each(config, refs, lambda _, record, book: decisions.exempt(record, expires, book, who))


def tell(found: Sequence[Decided], *, as_json: bool) -> None:
    """Print what was decided, and what happens next."""
    if as_json:
        emit({"decided": found, "next": NEXT})
        return
    for one in found:
        say(f"{one.key}: {_told(one)}")
    if any(one.changed for one in found):
        note(f"kept; {NEXT}")


def _told(one: Decided) -> str:
    parts: list[str] = []
    if one.before != one.after:
        parts.append(f"{_shown(one.before)} → {_shown(one.after)}")
    elif one.changed:
        parts.append(f"{_shown(one.after)}, confirmed")
    if one.answered:
        parts.append(f"answered {', '.join(one.answered)}")
    return "; ".join(parts) or "nothing changed"


def _shown(goals: Sequence[str]) -> str:
    return ", ".join(goals) or "no link of its own"


def held(config: Config, tracker: str, *, release: bool) -> dict[str, Any]:
    """Return the removals that are held in ``tracker``, and how many issues are missing from it.

    ``release``: let them count; the next census asks the tracker about each issue that is missing.
    """
    with open_store(config) as store:
        found, facts = store.held_list(tracker, 10_000), store.census(tracker)
        released = store.release(tracker) if release else ()
        accepted = store.accept_missing(tracker, datetime.now(UTC)) if release else 0
        shown = showing.waiting(store, tracker)
        let = showing.release(store, tracker) if release else 0
    issues = [
        {"issue": f"{one.tracker}:{one.id}", "key": one.key, "title": one.title, "url": one.url} for one in found.items
    ]
    missing = {"count": facts.missing, "of": facts.known, "since": facts.since} if facts.missing else None
    number = len(released) + accepted + let
    return {"tracker": tracker, "held": issues, "missing": missing, "shown": shown, "released": number}
