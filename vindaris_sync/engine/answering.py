"""One place where a person's decision is taken, whichever way it came: command line, chat, page; and taken back.

A decision is kept in one transaction with what takes it back; the trackers follow in the next pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import assert_never

from vindaris_sync.domain import decisions, ruling, undoing
from vindaris_sync.domain.actions import Action, AnswerGoal, AnswerRule, CloseCause, Plan
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Provenance
from vindaris_sync.domain.outcome import names
from vindaris_sync.domain.records import Answer, GoalBook, Record
from vindaris_sync.domain.reviews import answer_to
from vindaris_sync.domain.rules import PREFIX, Rule
from vindaris_sync.domain.sayings import Confirm, Exempt, LinkTo, Saying, Unlink
from vindaris_sync.domain.work import GOAL_PREFIX, confirm_without
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.naming import (
    chain_above,
    chains_above,
    is_goal,
    is_rule,
    must_carry,
    the_goal,
    the_issue,
    the_rule,
)
from vindaris_sync.engine.overtaken import Overtaken as Overtaken  # noqa: PLC0414 - what callers of this module catch
from vindaris_sync.engine.overtaken import overtaken, refuse_if_overtaken, seen_of_rule
from vindaris_sync.engine.overtaken import seen_of as seen_of  # noqa: PLC0414 - what callers of this module show
from vindaris_sync.engine.teams import Teams
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.sdk.settings import TrackerSettings
from vindaris_sync.store.answers import Given, Kept
from vindaris_sync.store.causes import Subject
from vindaris_sync.store.store import Store

UNDO_WITHIN = timedelta(minutes=10)
"""How long a decision can be taken back."""

_EXEMPT_DAYS = 90
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Meant:
    """Which review is meant, an issue's name, ``rule:3`` or ``goal:KEY``, and what the person saw of it (``seen_of``).

    Without ``seen`` it is decided on as it stands.
    """

    name: str
    seen: str = ""


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
    answer: int = 0
    """The number under which it is taken back; all that was decided at once has the same one."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided on many, and what was not: somebody was quicker, or it cannot be answered so."""

    answer: int
    decided: tuple[Decided, ...]
    refused: tuple[Overtaken | Refusal, ...] = ()


PlanOf = Callable[[Record, Sequence[Record]], Plan]
"""What to decide on an issue below these ancestors, nearest first."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Takes decisions for one store. ``trackers`` are their settings by name; ``now`` tells the time."""

    store: Store
    trackers: Mapping[str, TrackerSettings]
    teams: Teams
    now: Callable[[], datetime]

    @classmethod
    def of(cls, context: Context) -> Answers:
        """Return what takes decisions beside the daemon, in chat and on the page."""
        settings = {name: tracker.settings for name, tracker in context.trackers.items()}
        return cls(context.store, settings, context.teams, context.now)

    # --- one ------------------------------------------------------------------------------------------------------

    def link(  # noqa: PLR0913 - what is said, of what, by whom, and how it was seen and sent
        self, name: str, goals: Sequence[str], by: By, *, seen: str = "", key: str = "", accepted: bool = False
    ) -> Decided:
        """Link an issue to goals, in place of what it is linked to.

        Of this and the next three: a ``key`` that was given before answers as it did then, and decides nothing. Raises
        ``Overtaken`` where ``seen`` is not what stands now, ``Refusal`` where it cannot be answered so; then nothing
        was kept.
        """
        return self._one(Meant(name, seen), LinkTo(tuple(goals), accepted), by, key)

    def confirm(self, name: str, by: By, *, seen: str = "", key: str = "") -> Decided:
        """Confirm what an issue is linked to, or where a rule leads, at the goals' present revisions."""
        return self._one(Meant(name, seen), Confirm(), by, key)

    def exempt(self, name: str, by: By, *, until: datetime | None = None, seen: str = "", key: str = "") -> Decided:
        """State that an issue is no goal work, and why (``by.why``)."""
        return self._one(Meant(name, seen), Exempt(until), by, key)

    def unlink(self, name: str, by: By, *, seen: str = "", key: str = "") -> Decided:
        """Take an issue's own link or exemption off."""
        return self._one(Meant(name, seen), Unlink(), by, key)

    def _one(self, meant: Meant, saying: Saying, by: By, key: str) -> Decided:
        return self.every([meant], saying, by, key)[0]

    # --- many -----------------------------------------------------------------------------------------------------

    def every(self, meant: Iterable[Meant], saying: Saying, by: By, key: str = "") -> tuple[Decided, ...]:
        """Say the same of several, all of it or nothing: the first that cannot be answered so is raised."""
        with self.store.transaction():
            return self._again(key) or self._keep([self._give(each, saying, by) for each in meant], by, key)

    def each(self, meant: Iterable[Meant], saying: Saying, by: By, key: str = "") -> Done:
        """Say the same of several in one transaction; what cannot be answered so is left as it is, and told."""
        given: list[Given] = []
        refused: list[Overtaken | Refusal] = []
        with self.store.transaction():
            if decided := self._again(key):
                return Done(decided[0].answer, decided)
            for one in meant:
                try:
                    given.append(self._give(one, saying, by))
                except (Overtaken, Refusal) as error:
                    refused.append(error)
            decided = self._keep(given, by, key)
        return Done(decided[0].answer if decided else 0, decided, tuple(refused))

    def sweep(self, issues: Iterable[int], plan_of: PlanOf, by: By) -> tuple[int, int]:
        """Decide on thousands, each as it stands now; return how many changed, and the number of the answer.

        A thousand at a time is looked at; hold a transaction.
        """
        changed, answer, left = 0, None, iter(issues)
        while numbers := list(islice(left, _BATCH)):
            book, records = self.store.goal_book(), self.store.view_records(numbers)
            chains = chains_above(self.store, records.values())
            plans = {number: plan_of(record, chains[number]) for number, record in records.items()}
            given = self._apply([(records[number], plan) for number, plan in plans.items() if plan.actions], book, by)
            answer = self.store.put_answers(given, "", by, answer)
            changed += len(given)
        return changed, answer or 0

    def _again(self, key: str) -> tuple[Decided, ...]:
        return tuple(map(_decided, self.store.answers_under(key))) if key else ()

    def _keep(self, given: Sequence[Given], by: By, key: str) -> tuple[Decided, ...]:
        answer = self.store.put_answers(given, key, by) if given else 0
        return tuple(Decided(**each.said, answer=answer) for each in given)

    # --- deciding -------------------------------------------------------------------------------------------------

    def _give(self, meant: Meant, saying: Saying, by: By) -> Given:
        book = self.store.goal_book()
        if isinstance(saying, Confirm) and is_rule(meant.name):
            return self._confirm_rule(the_rule(self.store, meant.name), meant.seen, book, by)
        if isinstance(saying, Confirm) and is_goal(meant.name):
            return self._confirm_goal(the_goal(book, meant.name.removeprefix(GOAL_PREFIX)), book, by)
        record = the_issue(self.store, meant.name)
        refuse_if_overtaken(self.store, record, book, meant.seen, by.at)
        return self._apply([(record, self._plan(record, saying, book, by))], book, by)[0]

    def _plan(self, record: Record, saying: Saying, book: GoalBook, by: By) -> Plan:
        match saying:
            case LinkTo(goals, accepted):
                how = Provenance.ACCEPTED if accepted else Provenance.CHOSEN
                return decisions.link(record, self.chosen(record, book, goals), book, by, how)
            case Confirm():
                return self._confirmation(record, book, by)
            case Exempt(until):
                return decisions.exempt(record, self._ends(record, until, by), book, by)
            case Unlink():
                if not record.explicit:
                    raise Refusal(f"{record.key} has no link or exemption of its own", advice=_inherits(record))
                return decisions.unlink(record, book, by)
            case _ as never:
                assert_never(never)

    def chosen(self, record: Record, book: GoalBook, goals: Sequence[str]) -> list[int]:
        """Return goals by number, the primary first; refuse several where the tracker's issues may serve one only."""
        found = list(dict.fromkeys(the_goal(book, name) for name in goals))
        if not found:
            raise Refusal(f"{record.key}: no goal is named")
        if len(found) > 1 and not several_allowed(self.trackers, record.ref.tracker):
            raise Refusal(
                f"{record.key}: an issue of {record.ref.tracker} serves one goal only",
                advice=f"name one goal, or set several_goals = true in [trackers.{record.ref.tracker}.write_back]",
            )
        return found

    def _confirmation(self, record: Record, book: GoalBook, by: By) -> Plan:
        asked = [cause.key for cause in record.causes if cause.answer is None]
        if not asked:
            raise Refusal(f"{record.key} asks nothing", advice=_LIST)
        if all(answer_to(key) is not Answer.CONFIRMED for key in asked):
            reasons = ", ".join(sorted({str(key.reason) for key in asked}))
            raise Refusal(
                f"{record.key} is asked about because of {reasons}, which no confirmation answers",
                advice=f"`vindaris-sync review relink {record.key} GOAL`, or `review exempt {record.key} --reason …`",
            )
        chain = () if must_carry(self.trackers, record) else chain_above(self.store, record)
        return decisions.confirm(record, chain, book, revisions(book), by, rules=self.store.rule_book())

    def _ends(self, record: Record, until: datetime | None, by: By) -> datetime:
        if not by.why.strip():
            raise Refusal(f"{record.key}: say why it is no goal work")
        if until is None:
            return by.at + self.exempt_time(record.ref.tracker)
        if until <= by.at:
            raise Refusal(f"{record.key}: {until.date().isoformat()} is over already")
        return until

    def exempt_time(self, tracker: str) -> timedelta:
        """Return how long an exemption holds where nobody says: the tracker's ``exempt_days``."""
        settings = self.trackers.get(tracker)
        return timedelta(days=settings.write_back.exempt_days if settings else _EXEMPT_DAYS)

    def _apply(self, planned: Sequence[tuple[Record, Plan]], book: GoalBook, by: By) -> list[Given]:
        numbers = [record.id for record, _ in planned]
        self.store.apply(_whole(plan for _, plan in planned), "", by.at)
        self.store.mark_due(numbers)
        after = self.store.view_records(numbers)
        return [_given(record, plan, after[record.id], book) for record, plan in planned]

    # --- what is no issue -----------------------------------------------------------------------------------------

    def _confirm_rule(self, rule: Rule, seen: str, book: GoalBook, by: By) -> Given:
        asked = any(cause.answer is None for cause in rule.causes)
        if seen and seen != seen_of_rule(rule, book):
            raise Overtaken(rule.name, "what it is asked has changed since you looked" if asked else "it was answered")
        if not asked:
            raise Refusal(f"{rule.name} asks nothing", advice=_LIST)
        plan = ruling.confirm(rule, book, revisions(book), self._told_of(rule), by)
        self.store.apply(plan, "", by.at)
        answered = tuple(str(each.key.reason) for each in plan.actions if isinstance(each, AnswerRule))
        goals, after = (rule.stated.goal,), the_rule(self.store, rule.name)
        left = tuple(str(cause.key.reason) for cause in after.causes if cause.open)
        said = Decided(rule.name, rule.name, goals, goals, answered, bool(plan.actions), left)
        return Given(Subject.RULE, rule.id, _said(said), undoing.before_rule(rule, plan))

    def _told_of(self, rule: Rule) -> Sequence[tuple[str, str]]:
        return tuple(self.teams.among(self.store.called()).told_of(rule, self.store.places()).values())

    def _confirm_goal(self, goal: int, book: GoalBook, by: By) -> Given:
        """Confirm that a goal is right without the required work that was dropped."""
        name = f"{GOAL_PREFIX}{book.goals[goal].key}"
        asked = [cause for cause in self.store.goal_causes().get(goal, ()) if cause.answer is None]
        if not asked:
            raise Refusal(f"{name} asks nothing", advice=_LIST)
        plan = Plan(tuple(confirm_without(goal, asked, self.store.work_scopes(), by)), ())
        self.store.apply(plan, "", by.at)
        answered = tuple(str(each.key.reason) for each in plan.actions if isinstance(each, AnswerGoal))
        goals = (book.goals[goal].key,)
        said = Decided(name, name, goals, goals, answered, bool(plan.actions), ())
        return Given(Subject.GOAL, goal, _said(said), undoing.before_goal(asked, plan))

    # --- taking back ----------------------------------------------------------------------------------------------

    def undo(self, answer: int, by: By) -> Done:
        """Take back what was decided under the number ``answer``; what has changed since stays, and is told.

        Raises:
            Refusal: nothing is known under that number, or it is more than ten minutes ago.

        """
        decided: list[Decided] = []
        refused: list[Overtaken | Refusal] = []
        with self.store.transaction():
            kept = self.store.answers_of(answer)
            if not kept or self.now() - kept[0].by.at > UNDO_WITHIN:
                raise Refusal("what is longer ago than ten minutes is not taken back", advice="decide anew")
            for each in kept:
                try:
                    decided.append(self._undo(each, replace(by, why=by.why or "taken back")))
                except Overtaken as error:
                    refused.append(error)
        return Done(answer, tuple(decided), tuple(refused))

    def _undo(self, kept: Kept, by: By) -> Decided:
        given, book = kept.given, self.store.goal_book()
        said = _decided(kept)
        if kept.undone_at is not None:
            raise Overtaken(said.key, f"{kept.undone_by} has taken it back already", who=kept.undone_by)
        last = self.store.last_answers(given.subject, [given.number])[given.number]
        if last.id != kept.id:
            raise Overtaken(said.key, f"{last.by.who} has decided again since", who=last.by.who, at=last.by.at)
        self.store.apply(self._undoing(given, said.key, book, by), "", by.at)
        if given.subject is Subject.ISSUE:
            self.store.mark_due([given.number])
        self.store.put_undone([kept.id], by)
        asked = tuple(str(cause.key.reason) for cause in given.was.causes)
        return replace(said, before=said.after, after=said.before, answered=(), open=asked)

    def _undoing(self, given: Given, key: str, book: GoalBook, by: By) -> Plan:
        match given.subject:
            case Subject.ISSUE:
                record = self.store.view_records([given.number])[given.number]
                if not undoing.stands(record, given.became, given.was):
                    raise overtaken(self.store, record, by.at)
                return undoing.undo(record, given.was, book, by)
            case Subject.RULE:
                rule = the_rule(self.store, key)
                return undoing.undo_rule(rule, given.was, book, self._told_of(rule), by)
            case Subject.GOAL:
                return undoing.undo_goal(given.number, given.was, self.store.work_scopes(), by)
            case _ as never:
                assert_never(never)


_LIST = "`vindaris-sync review list` shows what does"


def several_allowed(trackers: Mapping[str, TrackerSettings], tracker: str) -> bool:
    """Return whether an issue of ``tracker`` may serve several goals."""
    settings = trackers.get(tracker)
    return settings is not None and settings.write_back.several_goals


def revisions(book: GoalBook) -> dict[int, int]:
    """Return every goal's present revision: what a person sees who looks now."""
    return {goal.id: goal.revision for goal in book.goals.values()}


def _inherits(record: Record) -> str:
    if record.rule is not None:
        return f"{PREFIX}{record.rule} links it: `vindaris-sync rule list` shows what that asks for"
    inherits = record.carrier is not None and record.carrier != record.id
    return f"it inherits one: `vindaris-sync trace {record.key}` shows from where" if inherits else ""


def _whole(plans: Iterable[Plan]) -> Plan:
    actions: list[Action] = []
    descend: list[int] = []
    for plan in plans:
        actions += plan.actions
        descend += plan.descend
    return Plan(tuple(actions), (), tuple(descend))


def _given(record: Record, plan: Plan, after: Record, book: GoalBook) -> Given:
    answered = tuple(str(each.key.reason) for each in plan.actions if isinstance(each, CloseCause))
    left = tuple(str(cause.key.reason) for cause in after.causes if cause.open)
    links = names(record.explicit, book), names(after.explicit, book)
    said = Decided(str(record.ref), record.key, *links, answered, bool(plan.actions), left)
    return Given(Subject.ISSUE, record.id, _said(said), undoing.before(record, plan, book), after.explicit)


def _said(decided: Decided) -> dict[str, object]:
    return {name: value for name, value in asdict(decided).items() if name != "answer"}


def _decided(kept: Kept) -> Decided:
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.given.said.items()}
    return Decided(**said, answer=kept.batch)  # type: ignore[arg-type] # as _said wrote it
