"""What must hold between the trackers' truth and the store: who is there, in which state, asked what, shown how.

Every rule is worked out anew from DESIGN's words; nothing is shared with what decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from tests.simulation.truth import EXEMPT, REVIEW, Row, Scene, Shown, Violation, parsed

_AWAY = ("gone", "moved")
_NOT_ASKED_YET = 30 * 60 * 1_000_000
"""Microseconds that a label may come after the moment from which it is wanted: two polls."""


def said(row: Row) -> str:
    """Return how people call the issue of a row."""
    return f"{row['tracker']} {row['key']} ({row['ext_id']})"


# --- presence ---------------------------------------------------------------------------------------------------------


def nothing_is_missed(scene: Scene) -> Iterator[Violation]:
    """L7: every issue in scope is held once, under its immutable id, and as it is."""
    for ref, shown in scene.truth.items():
        if not shown.home or not shown.visible or shown.pull or scene.doubtful(ref):
            continue
        row = scene.held.get(ref)
        if row is None:
            yield Violation("L7", f"{ref[0]} {shown.key} ({ref[1]})", "the store does not know it")
        elif row["presence"] != "present":
            yield Violation("L6", said(row), f"it can be seen, and is held for {row['presence']}")
        else:
            yield from _read_as_it_is(scene, shown, row)


def _read_as_it_is(scene: Scene, shown: Shown, row: Row) -> Iterator[Violation]:
    held = (row["key"], row["place"], row["type"], row["title"], bool(row["closed"]))
    told = (shown.key, shown.place, shown.kind, shown.title, shown.closed)
    if held != told:
        yield Violation("L7", said(row), f"it is {told}, and is held for {held}")
    above = scene.by_number.get(row["parent_id"]) if row["parent_id"] is not None else None
    unseen = above is not None and above["presence"] not in _AWAY and (above["tracker"], above["ext_id"]) in scene.late
    known = scene.held.get((shown.ref[0], shown.parent))
    if shown.parent and known is not None and known["presence"] not in _AWAY:
        if above is None or above["ext_id"] != shown.parent:
            yield Violation("L7", said(row), f"its parent is {shown.parent}, not {above and above['ext_id']}")
    elif not shown.parent and not unseen and (above is not None or row["parent_ext"] or row["parent_key"]):
        yield Violation("L7", said(row), "it has no parent, and one is held")


_ARRIVING, _HIDING = ("create", "transfer", "move"), ("hide", "show", "fault:vanish", "fault:index_lag_long")
_AROUND, _LATELY = timedelta(minutes=20), timedelta(hours=26)


def nothing_is_found_late(scene: Scene) -> Iterator[Violation]:
    """L7: a census or a night finds no issue that a pull should have shown, unless it was hidden or has just come."""
    for row in scene.books["pass"]:
        found = parsed(row["counts"]).get("newly visible", 0)
        if found and not _explained(scene, row["tracker"], row["started"]):
            yield Violation("L7", row["tracker"], f"a census found {found} issues that no pull had shown")
    for row in scene.books["report"]:
        for drift in parsed(parsed(row["findings"])).get("drift", ()):
            if drift["kind"] == "missing from the store" and not _explained(scene, drift["tracker"], row["at"]):
                yield Violation("L7", drift["tracker"], f"a night found {drift['found']} issues that no pull had shown")


def _explained(scene: Scene, tracker: str, at: int) -> bool:
    """Whether something happened around that stamp, whatever clock made it, after which a pull may miss an issue."""
    told, acts = scene.site.clock.when, scene.site.journal.acts
    first = min(when for row in scene.books["pass"] if row["tracker"] == tracker for when in told(row["started"]))
    return any(
        (act.kind in _ARRIVING and act.tracker == tracker and abs(when - act.at) < _AROUND and act.at >= first)
        or (act.kind in _HIDING and timedelta() <= when - act.at + _AROUND < _LATELY)
        for when in told(at)
        for act in acts
    )


def nothing_is_invented(scene: Scene) -> Iterator[Violation]:
    """L7: no row without an issue that is or was, no pull request, no two issues under one key."""
    keys: dict[tuple[str, str], str] = {}
    for ref, row in scene.held.items():
        shown = scene.truth.get(ref)
        if shown is None and not scene.acts[ref] and not any(_arrived(scene, ref)):
            yield Violation("L7", said(row), "no such issue has ever been")
        if shown is not None and shown.pull and row["presence"] == "present":
            yield Violation("L7", said(row), "a pull request is tracked")
        if row["presence"] == "present" and shown is not None and not scene.doubtful(ref):
            other = keys.setdefault((row["tracker"], row["key"]), row["ext_id"])
            if other != row["ext_id"]:
                yield Violation("L7", said(row), f"{other} is held under the same key")


def _arrived(scene: Scene, ref: tuple[str, str]) -> Iterator[bool]:
    """Yield True for each transfer that gave an issue this id."""
    return (act.kind == "transfer" and act.detail["new"] == ref[1] for act in scene.site.journal.acts)


def absence_is_told_apart(scene: Scene) -> Iterator[Violation]:
    """L6: deleted is gone, hidden is frozen, out of scope is neither, and a transferred issue goes on elsewhere."""
    above = {row["parent_id"] for row in scene.books["issue"]}
    for ref, row in scene.held.items():
        shown = scene.truth.get(ref)
        if shown is not None and row["presence"] in _AWAY:
            if not _may_be_hidden(scene, ref, alone=not shown.home and row["id"] not in above):
                yield Violation("L6", said(row), f"it exists, and is held for {row['presence']}")
        elif scene.doubtful(ref):
            continue
        elif shown is None:
            yield from _departed(scene, row)
        elif shown.visible and not shown.home and not shown.pull and row["presence"] not in ("out_of_scope", "context"):
            yield Violation("L6", said(row), f"it is out of scope, and is held for {row['presence']}")


def _may_be_hidden(scene: Scene, ref: tuple[str, str], *, alone: bool) -> bool:
    """Jira says the same of what is hidden and of what is deleted; the night asks again, but of nobody ``alone``."""
    return any(act.kind in {"hide", "show"} for act in scene.acts[ref]) and (scene.doubtful(ref) or alone)


def _departed(scene: Scene, row: Row) -> Iterator[Violation]:
    new = next((a.detail["new"] for a in scene.acts[row["tracker"], row["ext_id"]] if a.kind == "transfer"), None)
    if new is None:
        if row["presence"] not in ("gone", "hidden", "context", "out_of_scope"):
            yield Violation("L6", said(row), f"it was deleted, and is held for {row['presence']}")
        return
    heir = scene.held.get((row["tracker"], new))
    shown = scene.truth.get((row["tracker"], new))
    if heir is None or shown is None or not shown.visible or scene.doubtful(shown.ref):
        return  # nobody who asks is told where it went
    if row["presence"] != "moved":
        yield Violation("L6", said(row), f"it was transferred, and is held for {row['presence']}")
    elif row["moved_to"] != heir["id"]:
        yield Violation("L6", said(row), f"it goes on as {heir['key']}, not as row {row['moved_to']}")
    ended = heir["undecided_since"] != "never" or any(told["event"] == "unlinked" for told in scene.history[heir["id"]])
    lost = scene.explicit(row["id"]) and not scene.explicit(heir["id"]) and not ended
    if row["presence"] == "moved" and lost:
        yield Violation("L6", said(row), f"its link did not follow it to {heir['key']}")


# --- states and reviews -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """What decides an issue (R6)."""

    state: str
    carrier: Row | None = None
    goals: frozenset[int] = frozenset()
    unread: bool = False


def effect_of(scene: Scene, row: Row) -> Effect:
    """Return what the nearest explicit link or exemption up the chain says."""
    last = row
    for one in (row, *scene.chain(row)):
        last = one
        if one is not row and one["presence"] in _AWAY:
            return Effect("unlinked", unread=True)
        explicit = scene.explicit(one["id"])
        if 0 in explicit:
            return Effect("exempt", one)
        if explicit:
            return Effect("linked" if one is row else "inherited", one, explicit)
    return Effect("unlinked", unread=bool(last["parent_ext"] or last["parent_key"]))


def _asks(row: Row) -> bool:
    """Whether a review can be open at an issue; a hidden one keeps its question."""
    return row["presence"] in ("present", "hidden") and not row["closed"]


def _tracked(scene: Scene) -> Iterator[Row]:
    """Yield the rows that must be decided: in scope, open, and nothing of them is held back for a person."""
    waiting = {number for row in scene.books["tracker"] for number in parsed(row["held"])}
    for row in scene.books["issue"]:
        if row["presence"] == "present" and not row["closed"] and row["id"] not in waiting:
            yield row


def each_is_in_one_state(scene: Scene) -> Iterator[Violation]:
    """L1: every tracked open issue is decided, and in the one state that follows from the links above it."""
    for row in _tracked(scene):
        if row["due"] or not row["decided"] or not row["tracked"]:
            yield Violation("L1", said(row), f"not decided: due {row['due']}, tracked {row['tracked']}")
            continue
        effect = effect_of(scene, row)
        carrier = effect.carrier and effect.carrier["id"]
        expected = (effect.state, effect.goals, carrier, effect.unread)
        held = (row["state"], frozenset(parsed(row["goals"])), row["carrier_id"], bool(row["parent_unknown"]))
        if held != expected:
            yield Violation("L1", said(row), f"follows {expected}, is held for {held}")


def each_question_is_open(scene: Scene) -> Iterator[Violation]:
    """L1: unlinked implies an open question, nothing else does; a review is open iff a question is."""
    for row in _tracked(scene):
        asked = {cause["reason"] for cause in scene.causes[row["id"]] if cause["is_open"]}
        if ("unlinked" in asked) != (row["state"] == "unlinked"):
            yield Violation("L1", said(row), f"{row['state']}, and asked {sorted(asked)}")
        if ("conflict" in asked) != (row["conflict"] is not None):
            yield Violation("R4", said(row), f"conflict {row['conflict']}, and asked {sorted(asked)}")
    for row in scene.books["issue"]:
        is_open = any(cause["is_open"] for cause in scene.causes[row["id"]])
        if is_open != bool(row["review_open"]):
            yield Violation("L1", said(row), f"review open: {bool(row['review_open'])}, a cause open: {is_open}")
        if is_open and row["presence"] in (*_AWAY, "out_of_scope", "context"):
            yield Violation("R7", said(row), f"asked about, though {row['presence']}")
        if is_open and row["presence"] == "present" and row["closed"]:
            yield Violation("R7", said(row), "asked about, though closed")


_MATERIAL = ("title", "description", "parent", "priority", "period", "outcomes")


def stamps_of(scene: Scene, goal: int) -> dict[int, int]:
    """Return a number for each revision of a goal: the same where material contents are, or a minor edit joins them."""
    rows = [row for row in scene.books["goal_revision"] if row["goal_id"] == goal]
    rows.sort(key=lambda row: row["revision"])
    contents = [{name: parsed(row["contents"]).get(name) for name in _MATERIAL} for row in rows]
    numbers = list(range(len(rows)))
    for index, row in enumerate(rows):
        for other in range(index):
            if contents[other] == contents[index] or (row["minor"] and other == index - 1):
                numbers = [numbers[other] if number == numbers[index] else number for number in numbers]
    return {row["revision"]: number for row, number in zip(rows, numbers, strict=True)}


def changed_goals_are_asked_about(scene: Scene) -> Iterator[Violation]:
    """L2, R8: a link confirmed against other contents than the goal's is asked about where it is held, only then."""
    stamps = {goal: stamps_of(scene, goal) for goal in scene.goals}
    wanted: dict[int, set[str]] = {}
    closing: dict[int, set[str]] = {}
    for row in _tracked(scene):
        effect = effect_of(scene, row)
        if effect.carrier is None or row["due"]:
            continue
        holder = _holder(scene, row, effect.carrier)["id"]
        for link in scene.links[effect.carrier["id"]]:
            goal, number = scene.goals[link["goal_id"]], stamps[link["goal_id"]]
            if number.get(link["revision"]) != number[goal["revision"]]:
                wanted.setdefault(holder, set()).add(str(goal["id"]))
            if goal["status"] in ("achieved", "abandoned"):
                closing.setdefault(holder, set()).add(str(goal["id"]))
    for row in _tracked(scene):
        asked = _asked(scene, row, "goal_changed", is_open=True)
        if asked != wanted.get(row["id"], set()):
            told = f"goals {sorted(wanted.get(row['id'], ()))} changed, asked {sorted(asked)}"
            yield Violation("L2", said(row), told)
        asked, answered = (_asked(scene, row, "goal_closed", is_open=flag) for flag in (True, False))
        over = closing.get(row["id"], set())
        if asked - over or over - asked - answered:
            yield Violation("R7", said(row), f"goals {sorted(over)} are closed, asked {sorted(asked)}")


def _asked(scene: Scene, row: Row, reason: str, *, is_open: bool) -> set[str]:
    """Return the goals that an issue is asked about for a reason, or was and is confirmed."""
    return {
        cause["subject"]
        for cause in scene.causes[row["id"]]
        if cause["reason"] == reason
        and (cause["is_open"] if is_open else cause["answer"] == "confirmed" and not cause["lapsed"])
    }


def _holder(scene: Scene, row: Row, carrier: Row) -> Row:
    """Return where a question about the carrier's links is asked for an issue."""
    line = [row]
    for one in scene.chain(row) if row["id"] != carrier["id"] else ():
        line.append(one)
        if one["id"] == carrier["id"]:
            break
    return next(one for one in reversed(line) if _asks(one))


# --- what issues show -------------------------------------------------------------------------------------------------


def surfaces_show_the_link(scene: Scene) -> Iterator[Violation]:
    """R1, R3: every surface that can be written shows the explicit link, each goal under its present key."""
    for shown, row in scene.open():
        if row["conflict"] is not None or parsed(row["undefined"]) or _refused(scene, row) or row["due"]:
            continue
        values = [*shown.goals, *shown.field]
        if any(scene.goal(value) is None for value in values):
            continue  # what replaces a goal is left for people to correct
        explicit = scene.explicit(row["id"])
        keys = {scene.goals[goal]["folded"] for goal in explicit - {0}}
        if shown.goals != keys:
            yield Violation("R3", said(row), f"its labels show {sorted(shown.goals)}, its link is {sorted(keys)}")
        if shown.has(EXEMPT) != (0 in explicit):
            yield Violation("R3", said(row), f"exempt: {0 in explicit}, and its label says {shown.has(EXEMPT)}")
        if any(one.startswith("field:") for one in scene.site.trackers[row["tracker"]].surfaces):
            field = {value.casefold() for value in shown.field}
            if not field <= keys or bool(field) != bool(keys):
                yield Violation("R3", said(row), f"its field shows {sorted(field)}, its link is {sorted(keys)}")


def _refused(scene: Scene, row: Row) -> set[str]:
    """Return the surfaces that the issue or its place does not let us write."""
    place = (row["tracker"], row["place"])
    found = {one["surface"] for one in scene.books["refusal"] if (one["tracker"], one["place"]) == place}
    return found | set(parsed(row["refused"]))


def review_label_says_what_is_asked(scene: Scene) -> Iterator[Violation]:
    """R9, R10: the review label is on exactly where somebody is to look now."""
    review = f"review:{REVIEW}"
    if scene.site.clock.error != timedelta():
        return  # what time alone brings about waits while the clocks contradict each other
    for shown, row in scene.pairs():
        undefined = {key for key, _ in parsed(row["undefined"])}
        if scene.doubtful(shown.ref) or review in _refused(scene, row) | undefined or row["due"]:
            continue
        times = [] if shown.closed else [cause["surface_at"] for cause in _wanting(scene, row)]
        if any(cause["opened"] > scene.now for cause in _wanting(scene, row)):
            continue  # asked by a clock that had just been set right
        if any(scene.now - _NOT_ASKED_YET < at <= scene.now for at in times):
            continue
        wanted = any(at <= scene.now for at in times)
        if shown.has(REVIEW) != wanted:
            yield Violation("R10", said(row), f"review label wanted: {wanted}, on: {shown.has(REVIEW)}")


def _wanting(scene: Scene, row: Row) -> list[Row]:
    """Return the open, unanswered causes that a label may tell of, at their time."""
    return [
        cause
        for cause in scene.causes[row["id"]]
        if cause["is_open"]
        and cause["answer"] is None
        and cause["labelled"]
        and cause["surface_at"] is not None
        and not (row["parent_unknown"] and cause["reason"] == "unlinked")
    ]


# --- goals and the file itself ----------------------------------------------------------------------------------------


def goals_are_as_stated(scene: Scene) -> Iterator[Violation]:
    """R11: the revision in force has the contents that the source states, once edits have rested."""
    if scene.site.goals.problems:
        return
    for goal in scene.site.goals.goals:
        number = scene.names.get(goal.key.casefold())
        row = scene.goals.get(number or 0)
        if row is None or row["key"] != goal.key:
            yield Violation("R11", goal.key, f"held as {row and row['key']}")
            continue
        if row["status"] != str(goal.status):
            yield Violation("R11", goal.key, f"it is {goal.status}, and held for {row['status']}")
        found = [
            parsed(one["contents"])
            for one in scene.books["goal_revision"]
            if (one["goal_id"], one["revision"]) == (number, row["revision"])
        ]
        stated = (" ".join(goal.title.split()), " ".join(goal.description.split()), len(goal.outcomes))
        held = [(one["title"], one["description"], len(one["outcomes"])) for one in found]
        if held != [stated] and row["pending"] is None:
            yield Violation("R11", goal.key, f"stated {stated}, in force {held}")


def the_file_is_whole(scene: Scene) -> Iterator[Violation]:
    """Look at the file itself: it is sound, its generation is noted, every scope has a cursor, and nothing waits."""
    for fault in scene.books.faults:
        yield Violation("L10", "database", fault)
    generation = next(row["value"] for row in scene.books["counter"] if row["name"] == "generation")
    if scene.books.generation_beside != generation:
        yield Violation("L10", "database", f"generation {generation}, beside it {scene.books.generation_beside}")
    for name, tracker in scene.site.trackers.items():
        cursors = [row for row in scene.books["cursor"] if row["tracker"] == name and row["value"]]
        scopes = len(tracker.places) if tracker.kind == "github" else 1
        if len(cursors) != scopes:
            yield Violation("L7", name, f"{len(cursors)} of {scopes} scopes have a cursor")
    for row in scene.books["quarantine"]:
        yield Violation("L11", f"{row['tracker']} {row['key']}", f"set aside: {row['reason']}")
    for row in scene.books["issue"]:
        if row["unwritten"] and row["presence"] == "present" and not scene.doubtful((row["tracker"], row["ext_id"])):
            yield Violation("L3", said(row), "a write was decided and never recorded")


CHECKS = (
    nothing_is_missed,
    nothing_is_found_late,
    nothing_is_invented,
    absence_is_told_apart,
    each_is_in_one_state,
    each_question_is_open,
    changed_goals_are_asked_about,
    surfaces_show_the_link,
    review_label_says_what_is_asked,
    goals_are_as_stated,
    the_file_is_whole,
)
