"""From what a person types to what the store holds: issues, goals, and the chain above an issue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vindaris_sync.domain.goals import by_key, fold
from vindaris_sync.domain.models import Presence
from vindaris_sync.domain.records import GoalBook, Record
from vindaris_sync.domain.rules import PREFIX, Rule
from vindaris_sync.domain.succession import successor_of
from vindaris_sync.domain.work import GOAL_PREFIX
from vindaris_sync.sdk.errors import Refusal
from vindaris_sync.sdk.settings import TrackerSettings
from vindaris_sync.store.store import Store

_DEEPEST = 50
_NEAR = 3


def is_rule(name: str) -> bool:
    """Return whether ``name`` means a link rule."""
    return name.startswith(PREFIX)


def is_goal(name: str) -> bool:
    """Return whether ``name`` means a goal's own review."""
    return name.startswith(GOAL_PREFIX)


def the_rule(store: Store, name: str) -> Rule:
    """Return the link rule called ``name``, ``rule:3``; refuse one that is not configured."""
    found = next((rule for rule in store.rule_book().rules if rule.name == name and rule.active), None)
    if found is None:
        raise Refusal(f"there is no {name}", advice="`vindaris-sync rule list` shows all")
    return found


def the_issue(store: Store, name: str, tracker: str | None = None) -> Record:
    """Return the one issue that ``name`` means: a key, a former key, or ``TRACKER:ID``; refuse none and several."""
    if is_rule(name):
        raise Refusal(f"{name} is no issue", advice="rules are changed in the configuration, [[rules]]")
    if is_goal(name):
        raise Refusal(f"{name} is no issue", advice="goals are changed where they are stated")
    found = candidates(store, name, tracker)
    if not found:
        raise Refusal(
            f"no issue is called {name!r}",
            advice="write the key (APP-12, acme/web#12) or TRACKER:ID; the daemon must have pulled it before",
        )
    if len(found) > 1:
        raise Refusal(f"{name!r} may mean {listed(found)}", advice="write one of these as TRACKER:ID")
    return found[0]


def candidates(store: Store, name: str, tracker: str | None = None) -> list[Record]:
    """Return what ``name`` may mean; an issue that is there goes before one that only was called so."""
    ids = store.find(name, tracker)
    records = store.view_records(ids)
    found = [records[number] for number in ids]
    present = [record for record in found if record.presence is Presence.PRESENT and record.key == name]
    return present or found


def listed(records: Iterable[Record]) -> str:
    """Return several issues by their unmistakable names."""
    return ", ".join(f"{record.ref} ({record.key} {record.title})" for record in records)


def the_goal(book: GoalBook, name: str) -> int:
    """Return the goal called ``name``, in any case, by a former key too; refuse an unknown one, naming near ones."""
    number = book.find(name)
    if number is None:
        raise Refusal(f"no goal is called {name!r}", advice=near_goals(book, name))
    return number


def successors(store: Store) -> dict[int, str]:
    """Return, by each closed goal's number, the key of the goal that its open work goes to; without one, nothing."""
    stored = store.goals()
    known = by_key(each.goal for each in stored)
    found = {each.id: successor_of(each.goal, known) for each in stored if each.goal.status.closed}
    return {number: goal.key for number, goal in found.items() if goal is not None}


def near_goals(book: GoalBook, name: str) -> str:
    """Return one line on which goals may have been meant."""
    found = [book.goals[number].key for number in near(book, name)]
    return f"did you mean {' or '.join(found)}?" if found else "`vindaris-sync goal list` shows all"


def near(book: GoalBook, name: str) -> list[int]:
    """Return the goals whose keys are most like ``name``, the most alike first."""
    from difflib import get_close_matches

    keys = {goal.key.casefold(): number for number, goal in book.goals.items()}
    return [keys[key] for key in get_close_matches(name.casefold(), keys, n=_NEAR)]


def chain_above(store: Store, record: Record) -> list[Record]:
    """Return the ancestors of ``record``, nearest first, as far as they are known."""
    chain: list[Record] = []
    seen = {record.id}
    above = record.parent
    while above is not None and above not in seen and len(chain) < _DEEPEST:
        seen.add(above)
        records = store.view_records([above])
        if above not in records:
            break
        chain.append(records[above])
        above = records[above].parent
    return chain


def chains_above(store: Store, records: Iterable[Record]) -> dict[int, list[Record]]:
    """Return the ancestors of each of ``records``, nearest first, as far as they are known; read a level at a time."""
    known = {record.id: record for record in records}
    chains: dict[int, list[Record]] = {number: [] for number in known}
    wanted = {record.parent for record in known.values() if record.parent is not None}
    for _ in range(_DEEPEST):
        if not (unread := wanted - known.keys()):
            break
        found = store.view_records(unread)
        known |= found
        wanted = {record.parent for record in found.values() if record.parent is not None}
    for number, chain in chains.items():
        seen, above = {number}, known[number].parent
        while above is not None and above in known and above not in seen and len(chain) < _DEEPEST:
            seen.add(above)
            chain.append(known[above])
            above = known[above].parent
    return chains


def must_carry(trackers: Mapping[str, TrackerSettings], record: Record) -> bool:
    """Return whether the issue's type must carry a link itself, so that nothing above it counts (R6)."""
    settings = trackers.get(record.ref.tracker)
    return settings is not None and fold(record.type) in map(fold, settings.must_link)


def chain_end(store: Store, record: Record, chain: Sequence[Record]) -> str:
    """Return why the chain above an issue is not known to its end: a circle, a parent that is gone or was never read.

    Empty where it is whole.
    """
    line = (record, *chain)
    if (left := next((each for each in chain if each.presence in (Presence.GONE, Presence.MOVED)), None)) is not None:
        return f"{left.key} is {left.presence}: nothing is inherited through it"
    places = {each.id: place for place, each in enumerate(line)}
    last = line[-1]
    if last.parent in places:
        circle = [each.key for each in line[places[last.parent] :]]
        return f"cycle: {' → '.join([*circle, circle[0]])}"
    return store.lost_parent(last.id) if last.parent_stated and last.parent is None else ""


def named_goals(book: GoalBook, goals: Sequence[int]) -> str:
    """Return goal keys for people."""
    return ", ".join(book.goals[goal].key for goal in goals) or "-"
