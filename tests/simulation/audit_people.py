"""What people may rely on: their edits stand, nothing of theirs is touched, nothing is put into their mouths.

What they did is in the journal; what became of it is on the trackers and in the history. Between two audits the world
comes to rest once, so acts and rows are compared window by window, by their order: clocks may have been wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.audit_store import said
from tests.simulation.clock import EPOCH
from tests.simulation.truth import PREFIX, REVIEW, Ref, Row, Scene, Shown, Violation, micros, ours, parsed

if TYPE_CHECKING:
    from tests.simulation.journal import Act

STATEMENTS = ("set_goal", "drop_goal", "exempt", "unexempt")
DECISIONS = ("cli_link", "cli_exempt", "cli_unlink")
LINK_EVENTS = ("linked", "unlinked", "exempted", "exemption_expired", "confirmed")
_DEFINITIONS = ("rename_label", "delete_label_definition")


@dataclass(slots=True)
class Window:
    """What happened since the last audit: acts by issue, and the rows that the history gained."""

    acts: Sequence[Act]
    rows: Sequence[Row]
    foreign: Mapping[Ref, Shown]
    """The issues as they were then."""
    former: dict[Ref, Ref] = field(default_factory=dict)
    """The former id of every issue that was ever transferred."""

    def about(self, ref: Ref) -> list[Act]:
        """Return the acts on one issue, under any of its ids."""
        ids = set(self.line(ref))
        return [act for act in self.acts if (act.tracker, act.issue) in ids]

    def told_of(self, ref: Ref, ever: Sequence[Act], *, late: bool = False) -> list[Act]:
        """Return the acts that the history may tell now: where nobody looked then, those before this window, too.

        ``late``: what had stood against them has ended, so that they count now.
        """
        ids = set(self.line(ref))
        watched = any(one.home and one.visible for each, one in self.foreign.items() if each in ids)
        return self.about(ref) if watched and not late else [act for act in ever if (act.tracker, act.issue) in ids]

    def line(self, ref: Ref) -> list[Ref]:
        """Return an issue's id and all its former ones."""
        found = [ref]
        while found[-1] in self.former and self.former[found[-1]] not in found:
            found.append(self.former[found[-1]])
        return found

    def redefined(self, tracker: str) -> bool:
        """Whether somebody renamed or deleted a label or an option there."""
        return any(act.kind in _DEFINITIONS and act.tracker == tracker for act in self.acts)


@dataclass(slots=True)
class Memory:
    """What was seen after a night: how many acts and rows, a digest of the history, and the issues."""

    acts: int = 0
    rows: int = 0
    digest: str = hashlib.sha256().hexdigest()
    shown: dict[Ref, Shown] = field(default_factory=dict)


def memory_of(scene: Scene) -> Memory:
    """Return what is remembered of the site."""
    found = scene.site.memory.setdefault("auditor", Memory())
    assert isinstance(found, Memory)
    return found


def window_of(scene: Scene) -> Window:
    """Return what happened since the last audit."""
    memory = memory_of(scene)
    window = Window(scene.site.journal.acts[memory.acts :], scene.books["history"][memory.rows :], memory.shown)
    for act in scene.site.journal.acts:
        if act.kind == "transfer":
            window.former[act.tracker, act.detail["new"]] = (act.tracker, act.issue)
    return window


def remember(scene: Scene) -> None:
    """Remember what was seen, once a night has followed all acts: a window is a day with its night."""
    acts = scene.site.journal.acts
    if acts and acts[-1].at >= scene.last_night:
        return
    rows = scene.books["history"]
    scene.site.memory["auditor"] = Memory(len(scene.site.journal.acts), len(rows), _digest(rows), dict(scene.truth))


def _digest(rows: Sequence[Row]) -> str:
    whole = hashlib.sha256()
    for row in rows:
        whole.update(json.dumps(row, sort_keys=True).encode())
    return whole.hexdigest()


# --- history ----------------------------------------------------------------------------------------------------------


def history_only_grows(scene: Scene) -> Iterator[Violation]:
    """L10: no row of the history is changed or taken out."""
    memory, rows = memory_of(scene), scene.books["history"]
    if len(rows) < memory.rows:
        yield Violation("L10", "history", f"{memory.rows} rows before, {len(rows)} now")
    elif _digest(rows[: memory.rows]) != memory.digest:
        yield Violation("L10", "history", "a former row was changed")


def history_tells_every_link(scene: Scene) -> Iterator[Violation]:
    """L10: what an issue is linked to is what the last row about its link says, with who, when, why and how."""
    former = window_of(scene).former
    rows: dict[Ref, list[Row]] = {}
    for number, told in scene.history.items():
        if number is not None:
            held = scene.by_number[number]
            rows[held["tracker"], held["ext_id"]] = [row for row in told if row["event"] in LINK_EVENTS]
    for ref, row in scene.held.items():
        for one in rows.get(ref, ()):
            if not (one["who"] and one["how"] and (one["why"] or one["event"] == "confirmed") and one["at"]):
                yield Violation("L10", said(row), f"a {one['event']} without who, how or why")
        explicit = scene.explicit(row["id"])
        line = [ref]
        while line[-1] in former and len(line) < len(former) + 1 and _went_on(scene, former[line[-1]]):
            line.append(former[line[-1]])
        told = [each for one in reversed(line) for each in rows.get(one, ()) if each["after"] != each["before"]]
        last = frozenset(_goal_of(scene, name) for name in parsed(told[-1]["after"])) if told else frozenset()
        if explicit != last and row["presence"] != "moved" and not (len(line) > 1 and scene.doubtful(ref)):
            yield Violation("L10", said(row), f"linked to {sorted(explicit)}, its history ends with {last}")


def _went_on(scene: Scene, ref: Ref) -> bool:
    """Whether a tracker may have said where an issue went; deleted again before anybody asked, it is only gone."""
    return ref not in scene.held or scene.held[ref]["presence"] == "moved"


def _goal_of(scene: Scene, name: str) -> int | None:
    return 0 if name == "no-goal" else scene.goal(name)


def nobody_is_misquoted(scene: Scene) -> Iterator[Violation]:
    """L5, L10: what the history says that a person did, a person did."""
    window = window_of(scene)
    told: dict[Ref, Counter[str]] = {}
    for row in window.rows:
        if row["event"] in LINK_EVENTS and row["issue_id"] is not None and row["how"] != "expiry":
            held = scene.by_number[row["issue_id"]]
            if row["event"] == "unlinked" and _made_anew(
                scene, window, (held["tracker"], held["ext_id"]), parsed(row["before"])
            ):
                continue
            told.setdefault((held["tracker"], held["ext_id"]), Counter())[row["how"]] += 1
    heirs = {old: new for new, old in window.former.items()}
    for ref, means in told.items():
        heir = ref
        while heir in heirs and heirs[heir] != ref:
            heir = heirs[heir]
        ended = (row for row in window.rows if row["event"] == "exemption_expired")
        late = any(is_about(scene, row, ref) for row in ended)  # an end by machine yields to what people said (R3)
        acts = Counter(means_of(act) for act in window.told_of(heir, scene.site.journal.acts, late=late))
        acts["tracker"] += acts["review label taken off"]  # it may answer a conflict with what the tracker shows
        for how, count in means.items():
            if count > acts[how]:
                text = f"the history tells of {count} changes by {how}, people made {acts[how]}"
                yield Violation("L10", said(scene.held[ref]), text)


def _made_anew(scene: Scene, window: Window, ref: Ref, names: Sequence[str]) -> bool:
    """Whether a label was deleted in the settings and put on an issue there again before anybody could look.

    Nothing that can be read in bulk tells such a label from one that people took off: a known weakness (CRITIQUES).
    """
    goals, here = {scene.goal(name) for name in names}, scene.truth.get(ref)
    deleted = False
    for act in window.acts:
        there = scene.truth.get((act.tracker, act.issue))
        if act.tracker != ref[0] or scene.goal(act.detail.get("value", "").removeprefix(PREFIX)) not in goals:
            continue
        deleted = deleted or act.kind == "delete_label_definition"
        if deleted and act.kind in ("set_goal", "cli_link") and here and there and here.place == there.place:
            return True
    return False


def is_about(scene: Scene, row: Row, ref: Ref) -> bool:
    held = scene.by_number.get(row["issue_id"] or 0)
    return held is not None and (held["tracker"], held["ext_id"]) == ref


def means_of(act: Act) -> str:
    """Return what the history calls the means of an act, empty where it makes no statement about a link."""
    if act.kind in STATEMENTS or (act.kind == "create" and any(map(ours, act.detail.get("labels", "").split("\n")))):
        return "tracker"
    if act.kind == "transfer":
        return "tracker"  # under its new id the issue shows its labels for the first time
    if act.kind == "review_off":
        return "review label taken off"
    return "command line" if act.kind.startswith("cli_") else ""


def stated(act: Act) -> list[str]:
    """Return the goals on the labels with which an issue was created, as typed."""
    labels = act.detail.get("labels", "").split("\n")
    return [label[len(PREFIX) :] for label in labels if label.casefold().startswith(PREFIX)]


def confirmations_are_of_what_was_seen(scene: Scene) -> Iterator[Violation]:
    """R10: taking the review label off confirms no revision that came after the label was put on."""
    if any(act.kind == "fault:machine_clock" for act in window_of(scene).acts):
        return  # the rows' stamps say nothing
    revisions = {(row["goal_id"], row["revision"]): row["at"] for row in scene.books["goal_revision"]}
    for row in window_of(scene).rows:
        if row["event"] != "confirmed" or row["how"] != "review label taken off" or row["goal_id"] is None:
            continue
        held = scene.by_number[row["issue_id"]]
        shown = scene.truth.get((held["tracker"], held["ext_id"]))
        if shown is None:
            continue  # transferred or deleted since: nothing tells any more when we put it on
        put_on = [
            micros(touch.at)
            for touch in shown.touches
            if REVIEW in {name.casefold() for name in touch.on} and micros(touch.at) <= row["at"]
        ]
        put_on += [
            micros(act.at)  # by a person: it stands for all that is asked then
            for act in scene.acts[held["tracker"], held["ext_id"]]
            if act.kind == "review_on" and micros(act.at) <= row["at"]
        ]
        at = revisions.get((row["goal_id"], row["goal_revision"]), 0)
        if put_on and not _misdated(scene, at) and at > max(put_on) + _SECOND:
            text = f"revision {row['goal_revision']} was confirmed, which the label did not stand for"
            yield Violation("R10", said(held), text)


_SECOND = 1_000_000
_WRONG = timedelta(hours=3)


def _misdated(scene: Scene, at: int) -> bool:
    """Whether a row's stamp may be later than it was made: it was made by a clock that was ahead."""
    wrong = [act.at for act in scene.site.journal.acts if act.kind == "fault:machine_clock"]
    when = EPOCH + timedelta(microseconds=at)
    return any(at > scene.now or since <= when <= since + _WRONG for since in wrong)


CHECKS = (
    history_only_grows,
    history_tells_every_link,
    nobody_is_misquoted,
    confirmations_are_of_what_was_seen,
)
