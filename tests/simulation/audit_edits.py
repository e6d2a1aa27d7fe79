"""What people may rely on at the trackers: what they said there stands, and nothing of theirs is touched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.simulation.audit_people import (
    DECISIONS,
    LINK_EVENTS,
    STATEMENTS,
    Window,
    is_about,
    means_of,
    stated,
    window_of,
)
from tests.simulation.audit_store import said
from tests.simulation.clock import MONDAY
from tests.simulation.truth import EXEMPT, FIELD, PREFIX, Scene, Shown, Violation, micros, ours

if TYPE_CHECKING:
    from tests.simulation.journal import Act
    from tests.simulation.site import Sent


def we_touch_what_is_ours(scene: Scene) -> Iterator[Violation]:
    """L4: by the trackers' own histories our account changed managed labels and the goal field, nothing else."""
    for ref, shown in scene.truth.items():
        for touch in shown.touches:
            if touch.what not in ("labels", "field"):
                yield Violation("L4", f"{ref[0]} {shown.key}", f"we changed its {touch.what}")
            elif touch.what == "labels" and (foreign := [one for one in touch.on | touch.off if not ours(one)]):
                yield Violation("L4", f"{ref[0]} {shown.key}", f"we changed the labels {foreign}")


def foreign_things_stay(scene: Scene) -> Iterator[Violation]:
    """L4: what is not ours is as people left it: nothing changed where they did nothing, labels follow their acts."""
    window = window_of(scene)
    for ref, shown in scene.truth.items():
        before, acts = window.foreign.get(ref), window.about(ref)
        if window.redefined(ref[0]) or any(act.kind == "transfer" for act in acts):
            continue
        if before is not None and not acts and before.foreign != shown.foreign:
            text = f"{before.foreign} became {shown.foreign}, and nobody did it"
            yield Violation("L4", f"{ref[0]} {shown.key}", text)
        expected = {label.casefold() for label in before.labels if not ours(label)} if before else set()
        for act in acts:
            expected |= {act.detail["value"].casefold()} if act.kind == "label" else set()
            expected -= {act.detail["value"].casefold()} if act.kind == "unlabel" else set()
            if act.kind == "create":
                typed = act.detail.get("labels", "").split("\n")
                expected |= {label.casefold() for label in typed if label and not ours(label)}
        held = {label.casefold() for label in shown.labels if not ours(label)}
        if held != expected:
            text = f"its other labels are {sorted(held)}, people left {sorted(expected)}"
            yield Violation("L4", f"{ref[0]} {shown.key}", text)


def edits_stand(scene: Scene) -> Iterator[Violation]:
    """L5: what a person said last about an issue's goal is so, or somebody is being asked which of two was meant."""
    window = window_of(scene)
    for shown, row in scene.pairs():
        if scene.doubtful(shown.ref) or row["conflict"] is not None:
            continue
        acts = window.about(shown.ref)
        meant = _meant(scene, window, shown, acts)
        explicit = scene.explicit(row["id"])
        if meant is not None and not meant.holds(explicit):
            yield Violation("L5", said(row), f"somebody said {meant}, and it is linked to {sorted(explicit)}")


def we_look_before_we_write(scene: Scene) -> Iterator[Violation]:
    """L5, R5: we replace what a person set in the field only by what was decided after that."""
    if any(act.kind == "fault:machine_clock" for act in scene.site.journal.acts):
        return  # the rows' stamps say nothing
    for shown, row in scene.pairs():
        decided = [told["at"] for told in scene.history[row["id"]] if told["event"] in LINK_EVENTS]
        if scene.site.trackers[row["tracker"]].kind != "jira":
            continue  # only Cloud tells afterwards what a write has replaced
        for one in (each for each in shown.overwrites if each.value):  # an emptiness may have come with a move (R2)
            same = scene.goal(one.value) == scene.goal(one.by)  # another spelling, or the key that it has now
            if one.at - one.said <= _MOMENT and _died(scene.site.journal.acts, one.at):
                continue  # before we had looked whom we had overtaken
            if not same and not any(micros(one.said) <= at <= micros(one.at) for at in decided):
                yield Violation("L5", said(row), f"we replaced {one.value!r} by {one.by!r} without having seen it")


@dataclass(frozen=True, slots=True)
class Meant:
    """What the last person said: the link is, has or lacks this."""

    how: str
    value: frozenset[int]

    def holds(self, explicit: frozenset[int]) -> bool:
        """Whether a link honours it."""
        if self.how == "is":
            return explicit == self.value
        return self.value <= explicit if self.how == "has" else not self.value & explicit

    def __str__(self) -> str:
        return f"it {self.how} {sorted(self.value)}"


def _meant(scene: Scene, window: Window, shown: Shown, acts: Sequence[Act]) -> Meant | None:
    """Return what people may expect of an issue; None where nobody can tell what was meant."""
    said_so = [act for act in acts if act.kind in (*STATEMENTS, *DECISIONS) or (act.kind == "create" and stated(act))]
    if not said_so or _blurred(scene, window, shown, acts, said_so):
        return None
    last = said_so[-1]
    if last.kind == "create":
        goals = {scene.goal(name) for name in stated(last)}
        return Meant("has", frozenset(goal for goal in goals if goal)) if None not in goals else None
    if last.kind in ("exempt", "unexempt", "cli_exempt"):
        return Meant("lacks" if last.kind == "unexempt" else "is", frozenset({0}))
    if last.kind == "cli_unlink":
        return Meant("is", frozenset())
    goals = {scene.goal(name) for name in last.detail["value"].split("\n")}
    how = {"set_goal": "has", "drop_goal": "lacks", "cli_link": "is"}[last.kind]
    return None if None in goals else Meant(how, frozenset(goal for goal in goals if goal))


def _blurred(scene: Scene, window: Window, shown: Shown, acts: Sequence[Act], said_so: Sequence[Act]) -> bool:
    """Whether nobody can tell: taken back, mistyped, moved, answered by the review label, or said in two places."""
    kinds = Counter(act.kind for act in acts)
    values = [*shown.goals, *shown.field, *(act.detail.get("value", "") for act in said_so if "value" in act.detail)]
    mistyped = any(scene.goal(name) is None for value in values for name in value.split("\n"))
    on = {_what(scene, act) for act in said_so if act.kind in ("set_goal", "exempt", "create")}
    taken_back = on & {_what(scene, act) for act in said_so if act.kind in ("drop_goal", "unexempt")}
    decided = sum(kinds[kind] for kind in DECISIONS)
    both = decided and len(said_so) > decided
    expired = any(row["event"] == "exemption_expired" for row in window.rows if is_about(scene, row, shown.ref))
    retyped = any(act.kind == "edit" and act.detail for act in acts)
    taken_over = any(act.kind == "cli_confirm" for act in acts[acts.index(said_so[-1]) :])  # what it inherits, perhaps
    moved = kinds["transfer"] or kinds["move"] or window.redefined(shown.ref[0])
    unclear = mistyped or taken_back or both or expired or retyped or taken_over
    return bool(unclear or moved or kinds["review_off"] or _unseen(scene, window, shown, said_so[-1]))


_MOMENT = timedelta(seconds=2)


def _unseen(scene: Scene, window: Window, shown: Shown, act: Act) -> bool:
    """Whether we changed or sent the same in that very moment: between a write and its reading back nobody is noticed.

    But by Jira Cloud's changelog, where we did not die before we had looked at it.
    """
    if scene.site.trackers[shown.ref[0]].kind == "jira" and not _died(window.acts, act.at):
        return False
    value = EXEMPT if act.kind in ("exempt", "unexempt") else act.detail.get("value", "").casefold()
    return sent_the_same(scene.site.requests, shown, act) or any(
        abs(touch.at - act.at) <= _MOMENT
        and {value, f"{PREFIX}{value}"} & {one.casefold() for one in touch.on | touch.off}
        for touch in shown.touches
    )


def _died(acts: Iterable[Act], at: datetime) -> bool:
    """Whether a crash struck us in that very moment."""
    return any(each.kind == "crash:struck" and abs(each.at - at) <= _MOMENT for each in acts)


def sent_the_same(requests: Iterable[Sent], shown: Shown, act: Act) -> bool:
    """Whether we wrote the value of ``act`` to its issue in that very moment; whoever came second changed nothing."""
    value, number = act.detail.get("value", "").casefold(), shown.key.rpartition("#")[2]
    about = re.compile(rf"/issues?/(?:{shown.ref[1]}|{number})(?:[/?]|$)")
    return bool(value) and any(
        sent.service == act.tracker
        and abs(MONDAY + timedelta(seconds=sent.at) - act.at) <= _MOMENT
        and about.search(sent.path)
        and f'{PREFIX}{value}"' in sent.body.decode().casefold()
        for sent in requests
    )


def _what(scene: Scene, act: Act) -> Any:
    if act.kind in ("exempt", "unexempt"):
        return 0
    return scene.goal(act.detail["value"]) if "value" in act.detail else None


def conflicts_have_two_sides(scene: Scene) -> Iterator[Violation]:
    """L5: a conflict is between people: it does not come from what we wrote ourselves."""
    window = window_of(scene)
    for ref, row in scene.held.items():
        fresh = [c for c in scene.causes[row["id"]] if c["reason"] == "conflict" and c["is_open"]]
        if not fresh or row["presence"] != "present" or scene.doubtful(ref):
            continue
        ever = [act for one in window.line(ref) for act in scene.acts[one]]
        spoken = [act for act in ever if means_of(act)]
        if not spoken:
            yield Violation("L5", said(row), f"a conflict about the {FIELD.casefold()}, and nobody has said anything")


CHECKS = (
    we_touch_what_is_ours,
    foreign_things_stay,
    edits_stand,
    we_look_before_we_write,
    conflicts_have_two_sides,
)
