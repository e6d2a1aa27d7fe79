"""Which edits of goals are too small to ask anybody about."""

from __future__ import annotations

from itertools import pairwise

from vindaris_sync.app import open_store
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.output import emit, say
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.changes import changes, told
from vindaris_sync.domain.decisions import By
from vindaris_sync.engine.naming import the_goal
from vindaris_sync.store.goals import StoredGoal
from vindaris_sync.store.store import Store


def weigh(  # noqa: PLR0913 - one parameter for each option
    config: Config, name: str, revision: int | None, by: By, *, minor: bool, as_json: bool
) -> None:
    """Call a revision of a goal minor, or not, and say what follows; without one the edit that waits, else the last."""
    with open_store(config) as store, store.transaction():
        number = the_goal(store.goal_book(), name)
        stored = next(each for each in store.goals() if each.id == number)
        key, coming = stored.goal.key, stored.revision + 1
        chosen = revision or (coming if stored.pending else stored.revision)
        _check(stored, chosen, minor=minor)
        try:
            changed = store.weigh(number, chosen, by, minor=minor)
        except LookupError:
            advice = f"`vindaris-sync goal show {key}` lists them" + (
                "" if stored.pending else "; there is no edit that waits"
            )
            raise Refusal(f"{key} has no revision {chosen}", advice=advice) from None
        line = _line(store, stored, chosen)
    if as_json:
        emit({"goal": key, "revision": chosen, "minor": minor, "changed": changed, "waits": chosen == coming})
        return
    word = "minor" if minor else "not minor"
    say(f"{key}: revision {chosen} is {word}{'' if changed else ' already'}: {line}")
    if changed:
        say(_NEXT[minor] if chosen < coming else _COMING[minor])


_NEXT = {
    True: "What was asked because of it alone is withdrawn in the next pass.",
    False: "What is linked to the goal is asked about in the next pass.",
}
_COMING = {
    True: "It asks nobody once it counts, unless the goal is edited again before.",
    False: "It asks as any edit does once it counts.",
}


def _check(stored: StoredGoal, revision: int, *, minor: bool) -> None:
    key = stored.goal.key
    if revision == 1:
        raise Refusal(f"revision 1 is how {key} was stated first: there is no edit that could be minor")
    if not minor and stored.goal.minor_revision == revision:
        raise Refusal(
            f"where {key} is stated it says minor_revision = {revision}",
            advice="take that out there, then say it again",
        )


def _line(store: Store, stored: StoredGoal, revision: int) -> str:
    """Return what the revision changed, in one line."""
    contents = {each.revision: each.contents for each in store.revisions(stored.id)}
    if stored.pending is not None:
        contents[stored.revision + 1] = stored.pending.contents
    before, after = next((a, b) for a, b in pairwise(sorted(contents)) if b == revision)
    return told(changes(contents[before], contents[after], stored.material)) or "nothing that counts today"
