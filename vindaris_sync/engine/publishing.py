"""Publishing: goals are kept where people pick them, in labels and options; a step of its own after write-back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import structlog

from vindaris_sync.domain.menus import Alter, Choice, Fate, Make, Menu, MenuPlan, Offer, Offered, Publish, Sort
from vindaris_sync.domain.menus import decide as decide_menu
from vindaris_sync.domain.menus import offers as offers_of
from vindaris_sync.domain.models import Finding, Level, Raw
from vindaris_sync.domain.visibility import for_strangers
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.sdk.errors import TrackerUnusable, Transient
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.sdk.protocol import Capability
from vindaris_sync.sdk.publishing import Publisher
from vindaris_sync.store.publishing import PublishedMenus

log = structlog.get_logger("vindaris_sync.publish")

MOST = 200
"""Changes of one pass; at a write a second more of them would keep the tracker's issues waiting."""


def publish(context: Context, tracker: Tracker, counts: Counter[str], *, look: bool = False) -> list[Publish]:
    """Keep the tracker's menus, where it is asked for; return what is changed, or would be where nothing is written.

    Without a request where no goal has changed since the last time; every so often (``census``), and with ``look``,
    the menus are looked at all the same. What fails is noted and tried with the next pass: nothing else waits for it.
    """
    back, connector = tracker.settings.write_back, tracker.connector
    if not (back.enabled and back.publish_goals and Capability.PUBLISH in connector.capabilities):
        return []
    if not isinstance(connector, Publisher) or tracker.name in context.store.restored_trackers():
        return []
    left, stamp, now = context.store.published(tracker.name), context.store.goals_stamp(), context.time()
    fresh = bool(left.digest) and left.at is not None and abs(now - left.at) < context.census and not look
    if fresh and context.store.note(seen := f"offered {tracker.name}") == stamp:
        return []
    offered = offers(context)
    digest = sha256(repr(offered).encode()).hexdigest()
    if fresh and left.digest == digest:
        if context.writes:
            context.store.put_note(seen, stamp)
        return []
    publishing = _Publishing(context, tracker, connector, offered, counts, dict(left.orders))
    try:
        with tracker.conduct.urgent(Urgency.DECIDED):
            publishing.carry_out()
    except (Transient, TrackerUnusable) as error:
        log.warning("publishing failed", tracker=tracker.name, error=f"{error}. {error.advice}".strip(" ."))
        counts["not published"] += 1
        return publishing.planned
    if context.writes:
        done = PublishedMenus(digest if publishing.whole else "", now, publishing.orders)
        context.store.end_publishing(tracker.name, done, publishing.troubles, context.now())
    return publishing.planned


def offers(context: Context) -> tuple[Offer, ...]:
    """Return the goals as menus show them, under the titles that are in force."""
    book = context.book()
    goals = {each.id: replace(each.goal, title=book.goals[each.id].title) for each in context.store.goals()}
    return offers_of(goals)


@dataclass(slots=True)
class _Publishing:
    """One look at all menus of a tracker, and what follows from it."""

    context: Context
    tracker: Tracker
    connector: Publisher
    offered: Sequence[Offer]
    counts: Counter[str]
    orders: dict[str, Raw]
    planned: list[Publish] = field(default_factory=list)
    troubles: list[Finding] = field(default_factory=list)
    whole: bool = True
    """Whether nothing is left to be tried again."""

    @property
    def strangers(self) -> Sequence[Offer]:
        """The goals as strangers may read of them: a public title that quotes a private one has a gap there."""
        told = for_strangers(each.goal for each in self.context.store.goals())
        return [replace(each, title=told(each.title)) for each in self.offered]

    def carry_out(self) -> None:
        bases = _bases(self.context, self.tracker.name)
        for menu in self.connector.menus():
            offered = self.strangers if menu.public else self.offered
            plan = decide_menu(menu, offered, bases.get(menu.key, {}), self.orders.get(menu.key, ()))
            self.troubles += [each for each in plan.troubles if each not in self.troubles]
            if plan.order is not None:
                self.orders[menu.key] = plan.order
            if self.context.writes:
                with self.context.store.transaction():
                    self.context.store.put_choices(self.tracker.name, menu.key, plan.agreed)
                    self.context.store.put_kept(self.tracker.name, menu.key, plan.kept)
            self._offer(menu, plan)

    def _offer(self, menu: Menu, plan: MenuPlan) -> None:
        room = MOST - len(self.planned)
        changes = plan.changes[:room]
        self.whole &= len(changes) == len(plan.changes)
        self.planned += [Publish(self.tracker.name, menu.key, menu.name, change) for change in changes]
        if not self.context.writes or not changes:
            return
        for outcome in self.connector.offer(menu, changes):
            self.context.beat(self.tracker.name)
            self.counts[f"publishing {outcome.fate}"] += 1
            self._record(menu, plan, outcome)

    def _record(self, menu: Menu, plan: MenuPlan, outcome: Offered) -> None:
        name = self.tracker.name
        match outcome.fate, outcome.change:
            case Fate.DONE, Sort(values):
                self.orders[menu.key] = values
            case Fate.DONE, Make(goal) | Alter(goal):
                if outcome.choice is not None:
                    base = replace(plan.wanted[goal], id=outcome.choice.id)
                    self.context.store.put_choices(name, menu.key, {goal: base})
            case Fate.REFUSED, _:
                trouble = Finding(Level.ERROR, menu.name, f"it is not taken: {outcome.reason}", outcome.advice)
                if trouble not in self.troubles:
                    self.troubles.append(trouble)
            case _:
                self.whole = False
                log.warning("not published", tracker=name, menu=menu.name, fate=outcome.fate, reason=outcome.reason)


def _bases(context: Context, tracker: str) -> Mapping[str, dict[int, Choice]]:
    found: dict[str, dict[int, Choice]] = {}
    for menu, goal, choice in _known(context, tracker):
        found.setdefault(menu, {})[goal] = choice
    return found


def _known(context: Context, tracker: str) -> Iterator[tuple[str, int, Choice]]:
    for each in context.store.choices(tracker):
        if each.choice is not None:
            yield each.menu, each.goal, each.choice
