"""The inbox: open reviews a page at a time, each with what a person needs to answer it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.links import effective
from vindaris_sync.domain.models import Link
from vindaris_sync.domain.muting import Mute
from vindaris_sync.domain.ranking import Candidate
from vindaris_sync.domain.records import Answer, Cause, GoalBook, GoalFacts, Reason, Record
from vindaris_sync.domain.reviews import answer_to
from vindaris_sync.domain.rules import Rule
from vindaris_sync.domain.text import priority_rank
from vindaris_sync.domain.work import GOAL_PREFIX
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.differences import Differences
from vindaris_sync.engine.naming import chains_above, is_goal, is_rule, must_carry, the_goal, the_issue, the_rule
from vindaris_sync.engine.overtaken import seen_of, seen_of_rule
from vindaris_sync.engine.teams import Teams
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.store.asking import Position, Questions

COUNTED = 1_000
"""Questions of one reason are counted up to this; beyond it there are "more than"."""

SORTS = ("oldest", "newest", "priority")
"""By age, or by the priority of the goal that is asked about, what is about none last."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which reviews are wanted, and in which order; empty: any."""

    team: str = ""
    reason: str = ""
    goal: str = ""
    sort: str = "oldest"
    backlog: bool = False
    muted: bool = False
    """With those that are muted."""


@dataclass(frozen=True, slots=True)
class Why:
    """One question: why it is asked, since when, and word by word what changed since its link was confirmed."""

    cause: Cause
    goal: GoalFacts | None = None
    since: int | None = None
    """The revision that the link was confirmed against."""
    changes: tuple[Changed, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """An issue on the way up from the one that is asked about."""

    key: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """A review: whose it is, why it is open, and how it may be answered. ``name`` is what ``Answers`` takes."""

    name: str
    key: str
    title: str
    seen: str
    why: tuple[Why, ...]
    goals: tuple[GoalFacts, ...] = ()
    """What it serves at present, the primary first."""
    record: Record | None = None
    """The issue; None of a link rule's or a goal's own review."""
    url: str = ""
    team: str = ""
    chain: tuple[Step, ...] = ()
    """From the topmost ancestor down."""
    candidates: tuple[Candidate, ...] = ()
    mute: Mute | None = None

    @property
    def confirmable(self) -> bool:
        """Whether a confirmation answers any of it (R7)."""
        return any(answer_to(each.cause.key) is Answer.CONFIRMED for each in self.why)

    @property
    def exempt(self) -> bool:
        """Whether it is no goal work as of now."""
        return self.record is not None and bool(self.record.explicit) and not self.record.links


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of reviews. ``counts`` are open questions by reason, counted up to ``COUNTED``."""

    items: tuple[Item, ...]
    others: tuple[Item, ...]
    """Reviews of link rules and of goals themselves; on the first page only."""
    counts: Mapping[Reason, int]
    backlog: bool
    """Whether anything is left out as backlog."""
    after: Position | None
    cut: bool


class Inboxes:
    """Looks up pages of the inbox for one context. Safe to use from several threads."""

    def __init__(self, context: Context) -> None:
        self._context, self._store = context, context.store

    def page(self, choice: Choice, after: Position | None, most: int) -> Inbox:
        """Return at most ``most`` reviews; raises ``Refusal`` where a team or a goal is not known."""
        now, book = self._context.now(), self._store.goal_book()
        mutes = self._store.mutes(now)
        wanted = self._wanted(choice, book, [] if choice.muted else mutes)
        found = self._store.questions(wanted, after, most)
        counts = self._store.asked_counts(COUNTED, backlog=choice.backlog)
        backlog = choice.backlog or bool(self._store.questions(Questions(backlog=True), None, 1).issues)
        others = () if after or choice.backlog else tuple(self._others(choice, book))
        return Inbox(tuple(self._items(found.issues, book, mutes)), others, counts, backlog, found.after, found.cut)

    def one(self, name: str) -> Item:
        """Return the review of what is called ``name``; raises ``Refusal`` where nothing is."""
        book = self._store.goal_book()
        if is_rule(name):
            return self._rule(the_rule(self._store, name), book)
        if is_goal(name):
            return self._goal(the_goal(book, name.removeprefix(GOAL_PREFIX)), book)
        record = the_issue(self._store, name)
        return next(self._items([record.id], book, self._store.mutes(self._context.now())))

    # --- which --------------------------------------------------------------------------------------------------------

    def _wanted(self, choice: Choice, book: GoalBook, mutes: Sequence[Mute]) -> Questions:
        teams = self._context.owners()
        places = self._places(choice.team, teams)
        silent = {mute.about.team for mute in mutes} - {None, choice.team}
        if silent and places is None:
            places = tuple(scope for name in teams.teams if name not in silent for scope in teams.places(name))
        return Questions(
            _reason(choice.reason), self._goals(choice, book), places, teams.named,
            choice.sort == "newest", choice.backlog, tuple(mute.about.issue for mute in mutes if mute.about.issue),
            tuple(str(mute.about.goal) for mute in mutes if mute.about.goal),
        )  # fmt: skip

    @staticmethod
    def _places(team: str, teams: Teams) -> tuple[tuple[str, str], ...] | None:
        if not team:
            return None
        if team not in teams.teams:
            raise Refusal(f"there is no team {team!r}", advice=f"there are {', '.join(teams.teams)}")
        return teams.places(team)

    def _goals(self, choice: Choice, book: GoalBook) -> tuple[str, ...] | None:
        """Return the goals that are asked about, by priority; None: it does not matter which."""
        if choice.goal:
            return (str(the_goal(book, choice.goal)),)
        if choice.sort != "priority":
            return None
        return tuple(sorted(self._store.asked_goals(backlog=choice.backlog), key=lambda goal: _rank(book, goal)))

    # --- what is shown of each ----------------------------------------------------------------------------------------

    def _items(self, issues: Sequence[int], book: GoalBook, mutes: Iterable[Mute]) -> Iterator[Item]:
        records = self._store.view_records(issues)
        chains = chains_above(self._store, records.values())
        urls = self._store.addresses_of([each.id for chain in chains.values() for each in chain] + list(records))
        lost = [each.id for each in records.values() if not each.goals or _asks(each, Reason.GOAL_CLOSED)]
        candidates = self._context.candidates.of(lost)
        muted = {mute.about.issue: mute for mute in mutes}
        differences = Differences(self._store)
        teams = self._context.owners()
        for record in (records[issue] for issue in issues if issue in records):
            team = teams.of_place(record.ref.tracker, record.place)
            steps = [Step(each.key, each.title, urls.get(each.id, "")) for each in reversed(chains[record.id])]
            links = self._links(record, chains[record.id], book)
            yield Item(
                str(record.ref), record.key, record.title, seen_of(record, book),
                tuple(_why(record.causes, links, book, differences)),
                tuple(book.goals[goal] for goal in record.goals), record, urls.get(record.id, ""),
                team.name if team else "", tuple(steps), candidates.get(record.id, ()), muted.get(record.id),
            )  # fmt: skip

    def _links(self, record: Record, chain: Sequence[Record], book: GoalBook) -> tuple[Link, ...]:
        trackers = {name: each.settings for name, each in self._context.trackers.items()}
        itself, rules = must_carry(trackers, record), self._store.rule_book()
        return effective(record, record.explicit, chain, rules, itself=itself, carried=book.carried).links

    def _others(self, choice: Choice, book: GoalBook) -> Iterable[Item]:
        """Yield the reviews of rules and goals, as far as they fit; they are few."""
        found = [self._rule(rule, book) for rule in self._store.rule_book().rules if rule.active]
        found += [self._goal(goal, book) for goal in self._store.goal_causes()]
        for item in found:
            reasons = {str(each.cause.key.reason) for each in item.why}
            fits = not choice.team or choice.team in item.team.split(", ")
            about = not choice.goal or choice.goal in {goal.key for goal in item.goals}
            if reasons and fits and about and (not choice.reason or choice.reason in reasons):
                yield item

    def _rule(self, rule: Rule, book: GoalBook) -> Item:
        links = (rule.link,) if rule.link else ()
        teams = self._context.owners().told_of(rule, self._store.places())
        why = tuple(_why(rule.causes, links, book, Differences(self._store)))
        goals = tuple(book.goals[link.goal] for link in links)
        return Item(rule.name, rule.name, rule.stated.name, seen_of_rule(rule, book), why, goals, team=", ".join(teams))

    def _goal(self, goal: int, book: GoalBook) -> Item:
        facts = book.goals[goal]
        causes = self._store.goal_causes().get(goal, ())
        name = f"{GOAL_PREFIX}{facts.key}"
        return Item(name, name, facts.title, "", tuple(_why(causes, (), book, Differences(self._store))), (facts,))


def _why(causes: Iterable[Cause], links: Iterable[Link], book: GoalBook, differences: Differences) -> Iterable[Why]:
    confirmed = {str(link.goal): link.revision for link in links}
    for cause in sorted(causes, key=lambda cause: cause.opened):
        if cause.answer is not None:
            continue
        about = cause.key.subject if cause.key.reason in (Reason.GOAL_CHANGED, Reason.GOAL_CLOSED) else ""
        goal = book.goals.get(int(about)) if about else None
        since = confirmed.get(about) if cause.key.reason is Reason.GOAL_CHANGED else None
        changed = differences.since(goal.id, since) if goal is not None and since is not None else ()
        yield Why(cause, goal, since, changed)


def _asks(record: Record, reason: Reason) -> bool:
    return any(cause.answer is None and cause.key.reason is reason for cause in record.causes)


def _rank(book: GoalBook, goal: str) -> tuple[bool, tuple[int, str], str]:
    facts = book.goals.get(int(goal)) if goal.isdecimal() else None
    return (facts is None, priority_rank(facts.priority), facts.key) if facts else (True, priority_rank(None), "")


def _reason(name: str) -> Reason | None:
    if not name:
        return None
    try:
        return Reason(name)
    except ValueError:
        raise Refusal(f"there is no reason {name!r}", advice=f"there are {', '.join(Reason)}") from None
