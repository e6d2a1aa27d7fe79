"""Menus: what people pick a goal from, a repository's goal labels or a field's options, and what to change in them.

Pure. Each choice that is ours has a base, as surfaces have: what we wanted there last. What a person changed since is
kept, and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from vindaris_sync.domain.goals import Goal, Status, ancestors, by_key, fold
from vindaris_sync.domain.models import Finding, Level, Raw, Surface
from vindaris_sync.domain.text import one_line, priority_rank


@dataclass(frozen=True, slots=True)
class Choice:
    """A label or option as the tracker defines it; ``value`` is raw, without prefix. ``id`` empty: not made yet."""

    id: str
    value: str
    description: str = ""
    color: str = ""
    enabled: bool = True
    """False: it stays where it is set, and cannot be picked."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The choices that one surface offers in one place, in the order in which people see them."""

    place: str
    """A repository, an organisation, or a field's context, as the connector finds it again."""
    name: str
    """What people call it: ``labels of acme/web``."""
    surface: Surface
    choices: tuple[Choice, ...] = ()
    public: bool = True
    """Whether strangers can read it; what is not known to be closed is public (L9)."""
    palette: Mapping[Status, str] = field(default_factory=dict)
    """The colour of a goal's choice by the goal's status; empty: choices have no colours."""
    longest: int = 0
    """Characters (UTF-16 units, the strictest way to count) of a description; 0: choices have none."""
    plain: frozenset[str] = frozenset({""})
    """Descriptions and colours that nobody has chosen: the tracker's own, and those we create labels with."""
    retires: bool = False
    """Whether a choice can be taken out of the menu and stay where it is set."""
    ordered: bool = False
    most: int | None = None
    """How many choices it holds; None: more than anybody has goals."""
    shut: Finding | None = None
    """Why nothing can be changed in it, with the fix."""

    @property
    def key(self) -> str:
        """The menu as one stable text among its tracker's."""
        return f"{self.place} {self.surface.key}"


@dataclass(frozen=True, slots=True)
class Offer:
    """A goal as menus show it. ``private``: in a public menu its key stands alone."""

    goal: int
    key: str
    was: Raw
    title: str
    status: Status
    private: bool


@dataclass(frozen=True, slots=True)
class Make:
    """Add a choice."""

    goal: int
    choice: Choice


@dataclass(frozen=True, slots=True)
class Alter:
    """Change a choice that still shows ``before``."""

    goal: int
    before: Choice
    after: Choice


@dataclass(frozen=True, slots=True)
class Sort:
    """Bring the choices with these values before all others, in this order."""

    values: Raw


MenuChange = Make | Alter | Sort


class Fate(StrEnum):
    """What became of a change."""

    DONE = "done"
    STALE = "stale"
    """Somebody was faster: it no longer shows what was expected, and is looked at again."""
    REFUSED = "refused"
    """The tracker does not take it until a person sets something right."""
    FAILED = "failed"
    """For a passing reason, or nobody knows; the next look tells."""


@dataclass(frozen=True, slots=True)
class Offered:
    """The outcome of a change: ``choice`` as it stands now where one was made or altered, else why not."""

    change: MenuChange
    fate: Fate
    choice: Choice | None = None
    reason: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Publish:
    """One change to one menu of a tracker: what ``plan`` shows and a run carries out (L12)."""

    tracker: str
    menu: str
    name: str
    change: MenuChange


@dataclass(frozen=True, slots=True)
class MenuPlan:
    """What is to be done about a menu: changes; the bases of what is as wanted; what people's changes keep.

    ``troubles``: why nothing is changed at all.
    """

    changes: tuple[MenuChange, ...] = ()
    agreed: Mapping[int, Choice] = field(default_factory=dict)
    kept: Mapping[int, Raw] = field(default_factory=dict)
    """By goal, the attributes that a person changed, or ``deleted``."""
    wanted: Mapping[int, Choice] = field(default_factory=dict)
    """What each goal's choice would be if nobody had changed anything: its base once the changes are made."""
    order: Raw | None = None
    """How it is sorted already, where that is as wanted."""
    troubles: tuple[Finding, ...] = ()


# --- what is offered --------------------------------------------------------------------------------------------------


def offers(goals: Mapping[int, Goal]) -> tuple[Offer, ...]:
    """Return all goals as menus show them, the most urgent first, then as their sources order them."""
    known = by_key(goals.values())

    def rank(number: int) -> tuple[int, str]:
        line = (goals[number], *ancestors(goals[number], known))
        return priority_rank(next((above.priority for above in line if above.priority), None))

    return tuple(_offer(number, goals[number]) for number in sorted(goals, key=rank))


def _offer(number: int, goal: Goal) -> Offer:
    return Offer(number, goal.key, goal.was, goal.title, goal.status, goal.private)


def fit(text: str, longest: int) -> str:
    """Return ``text`` as one line of at most ``longest`` UTF-16 units, never cut within a character."""
    line = one_line(text, longest)
    while len(line.encode("utf-16-le")) // 2 > longest:
        line = line.removesuffix("…")[:-1].rstrip("\u200d \ufe0f") + "…"
    return line


def wanted(offer: Offer, menu: Menu) -> Choice:
    """Return the choice that stands for a goal on a menu; no title where strangers would read a private one (L9)."""
    told = menu.longest and not (menu.public and offer.private)
    return Choice(
        "",
        offer.key,
        fit(offer.title, menu.longest) if told else "",
        menu.palette.get(offer.status, ""),
        enabled=not (menu.retires and offer.status.closed),
    )


# --- deciding ---------------------------------------------------------------------------------------------------------


def decide(menu: Menu, offered: Sequence[Offer], bases: Mapping[int, Choice], order: Raw = ()) -> MenuPlan:
    """Return what is to be changed in ``menu`` so that it offers the goals in force.

    Nothing is ever deleted. A closed goal's choice is retired where the tracker can, and not made where there is none.
    ``order`` is how we last sorted it: what people arranged since stays until the goals' own order changes.
    """
    shown = {fold(choice.value): choice for choice in reversed(menu.choices)}
    by_id = {choice.id: choice for choice in menu.choices}
    changes: list[MenuChange] = []
    agreed: dict[int, Choice] = {}
    kept: dict[int, Raw] = {}
    wants = {offer.goal: wanted(offer, menu) for offer in offered}
    values: list[str] = []
    for offer in offered:
        want, base = wants[offer.goal], bases.get(offer.goal)
        seen = _seen(offer, shown, by_id, base)
        if seen is None:
            if base is not None:
                kept[offer.goal] = ("deleted",)
            elif not offer.status.closed:
                changes.append(Make(offer.goal, want))
                values.append(want.value)
            continue
        after, others = _merged(offer, seen, want, base, menu)
        if others:
            kept[offer.goal] = others
        if after == seen:
            agreed[offer.goal] = replace(want, id=seen.id)
        else:
            changes.append(Alter(offer.goal, seen, after))
        if not offer.status.closed:
            values.append(after.value)
    kept_order = _sorted(menu, tuple(values), order, changes)
    if trouble := _trouble(menu, changes):
        return MenuPlan((), agreed, kept, wants, kept_order, (trouble,))
    return MenuPlan(tuple(changes), agreed, kept, wants, kept_order)


def _sorted(menu: Menu, values: Raw, order: Raw, changes: list[MenuChange]) -> Raw | None:
    """Return the order that holds already; else add to ``changes`` what sorts the menu."""
    among = set(values)
    if not menu.ordered or values == order:
        return order
    if tuple(choice.value for choice in menu.choices if choice.value in among) == values:
        return values
    changes.append(Sort(values))
    return None


def _seen(offer: Offer, shown: Mapping[str, Choice], by_id: Mapping[str, Choice], base: Choice | None) -> Choice | None:
    """Return the choice that stands for a goal: by its key, else the one that was ours, else by a former key."""
    if (found := shown.get(fold(offer.key))) is not None:
        return found
    if base is not None and base.id in by_id:
        return by_id[base.id]
    return next((shown[fold(name)] for name in reversed(offer.was) if fold(name) in shown), None)


def _merged(offer: Offer, seen: Choice, want: Choice, base: Choice | None, menu: Menu) -> tuple[Choice, Raw]:
    """Return what the choice is to show, and which of its attributes a person changed and keeps."""
    before = base if base is not None and base.id == seen.id else None
    former = {fold(name) for name in offer.was}
    nobodys: Mapping[str, Callable[[], bool]] = {
        "value": lambda: fold(seen.value) in former,
        "description": lambda: seen.description in menu.plain,
        "color": lambda: seen.color in menu.plain,
        "enabled": lambda: seen.enabled,
    }
    changed: dict[str, object] = {}
    kept = []
    for name, unchosen in nobodys.items():
        now, then = getattr(seen, name), getattr(want, name)
        if now == then or (name == "value" and fold(now) == fold(then)):
            continue
        if unchosen() if before is None else now == getattr(before, name) or (name != "enabled" and unchosen()):
            changed[name] = then
        else:
            kept.append(name)
    return replace(seen, **changed), tuple(kept)  # type: ignore[arg-type] # attributes of a choice


def _trouble(menu: Menu, changes: Sequence[MenuChange]) -> Finding | None:
    if not changes:
        return None
    if menu.shut is not None:
        return replace(menu.shut, message=f"{menu.shut.message}{_missing(changes)}")
    many = len(menu.choices) + sum(isinstance(change, Make) for change in changes)
    if menu.most is None or many <= menu.most:
        return None
    return Finding(
        Level.ERROR,
        menu.name,
        f"it holds {menu.most} goals, and {many} would stand there: none is added",
        "take out those of closed goals, or use labels or a text field (write_back.surfaces)",
    )


_NAMED = 10


def _missing(changes: Iterable[MenuChange]) -> str:
    keys = [change.choice.value for change in changes if isinstance(change, Make)]
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return f"; it lacks {', '.join(keys[:_NAMED])}{more}" if keys else ""


# --- for people -------------------------------------------------------------------------------------------------------


def describe(change: MenuChange) -> str:
    """Return what a change does, in a few words."""
    match change:
        case Make():
            return f"add {change.choice.value}"
        case Alter():
            return f"{change.before.value}: {', '.join(_differences(change))}"
        case Sort():
            return "sort by priority"


def _differences(change: Alter) -> Iterator[str]:
    before, after = change.before, change.after
    if before.value != after.value:
        yield f"rename it {after.value}"
    if before.description != after.description:
        yield f"describe it as {after.description!r}" if after.description else "describe it no more"
    if before.color != after.color:
        yield f"colour {after.color}"
    if before.enabled != after.enabled:
        yield "offer it again" if after.enabled else "offer it no more"
