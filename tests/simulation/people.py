"""People at work: what a step's draw and the world's state make of "somebody sets a label"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from random import Random
from zlib import crc32

from tests.simulation.desks import Desk, Impossible, desk_of, ours
from tests.simulation.journal import GLOBAL
from tests.simulation.script import Step
from tests.simulation.site import EXEMPT, PREFIX, REVIEW, Sent, Site
from vindaris_sync.sandbox import github

FOREIGN = ("bug", "backend", "goals", "goalkeeper", "no-goals", "needs review", "GOAL REVIEW")
"""Labels that are nobody's business of ours; some of them look as if they were. Jira gets them without spaces."""
MOST = 28
"""Issues of one tracker: above, fewer are created."""


class People:
    """Everybody at the trackers. An act that is impossible at its moment does not happen, and is not written down."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.desks: dict[str, Desk] = {name: desk_of(tracker) for name, tracker in site.trackers.items()}
        self._births: dict[tuple[str, str], int] = {}
        """A number for each issue that stays the same whatever else happens or does not happen."""
        for number, act in enumerate(site.journal.acts):
            self._births[act.tracker, act.issue] = -number

    def act(self, step: Step, near: str = "") -> bool:
        """Let a step happen, on the issue ``near`` where it can be; return whether it did."""
        desk, random = self.desks[step.tracker], step.random()
        act: Callable[[Step, Desk, Random, list[str]], bool] = getattr(self, f"_{step.kind}")
        try:
            return act(step, desk, random, [*([near] if near else []), *self.order(step)])
        except Impossible:
            return False

    def named(self, tracker: str, issue: str, sent: Sent) -> bool:
        """Whether a request is about an issue."""
        world = self.site.trackers[tracker].world
        if isinstance(world, github.World):
            return re.search(rf"/issues/{world.by_node[issue][1]}(?:/|$)", sent.path) is not None
        key = world.issues[int(issue)].state.key
        return (
            re.search(rf"/issue/(?:{issue}|{key})(?:[/?]|$)", sent.path) is not None
            or f'"{issue}"'.encode() in sent.body
        )

    def order(self, step: Step) -> list[str]:
        """Return the tracker's issues in an order of the step's own, in which an issue more or less moves no other."""
        desk = self.desks[step.tracker]

        def rank(issue: str) -> int:
            return crc32(b"%d %d" % (step.draw, self._births.get((desk.site.name, issue), 0)))

        return sorted(desk.issues(), key=lambda issue: (rank(issue), issue))

    def note(self, desk: Desk | None, kind: str, issue: str = GLOBAL, **detail: str) -> None:
        """Write down what somebody did."""
        who = "alice" if desk is None or desk.site.kind != "github" else "mia"
        tracker = desk.site.name if desk else GLOBAL
        self.site.journal.note(self.site.clock(), who, kind, tracker=tracker, issue=issue, **detail)

    def transferred(self, desk: Desk, issue: str, new: str) -> None:
        """Remember that an issue goes on under another id."""
        self._births[desk.site.name, new] = self._births.get((desk.site.name, issue), 0)

    # --- issues -------------------------------------------------------------------------------------------------------

    def _create(self, step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        if len(issues) >= MOST:
            return False
        place = random.choice(desk.places())
        labels = [self._goal(random)] if random.random() < 0.35 else []
        labels += [self._foreign(desk, random)] if random.random() < 0.3 else []
        parent = next((issue for issue in issues if self._may_have_children(desk, issue)), "")
        parent = parent if random.random() < 0.5 else ""
        issue = desk.create(place, f"Do {step.number}", labels, parent)
        self._births[desk.site.name, issue] = step.number
        self.note(desk, "create", issue, place=place, parent=parent, labels="\n".join(labels))
        return True

    @staticmethod
    def _may_have_children(desk: Desk, issue: str) -> bool:
        if isinstance(desk.site.world, github.World):
            return True
        return desk.site.world.issues[int(issue)].state.type.name == "Epic"

    def _edit(self, step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        desk.edit(issues[0], f"Do it {step.number}")
        self.note(desk, "edit", issues[0])
        return True

    def _comment(self, step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        desk.comment(issues[0], f"Yes, {step.number}")
        self.note(desk, "comment", issues[0])
        return True

    def _retype(self, step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        desk.retype(issues[0], random.choice(("Bug", "Task")))
        self.note(desk, "edit", issues[0], title=f"{step.number}")
        return True

    def _move(self, _step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        place = random.choice(desk.places())
        issue = next((one for one in issues if desk.place(one) in desk.places()), "")
        return bool(issue) and self.move(desk, issue, place)

    def move(self, desk: Desk, issue: str, place: str) -> bool:
        """Move an issue to another place, with what hangs on it."""
        if desk.place(issue) == place:
            return False
        before = desk.labels(issue)
        new = desk.move(issue, place)
        if new == issue:
            self.note(desk, "move", issue, place=place)
            return True
        self.transferred(desk, issue, new)
        lost = sorted(set(before) - set(desk.labels(new)))
        self.note(desk, "transfer", issue, new=new, place=place, lost="\n".join(lost))
        return True

    def _reparent(self, _step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        parents = [issue for issue in issues if self._may_have_children(desk, issue)]
        parent = "" if random.random() < 0.25 or not parents else random.choice(parents[:3])
        issue = next(one for one in issues if one != parent)
        desk.set_parent(issue, parent)
        self.note(desk, "reparent", issue, parent=parent)
        return True

    def _close(self, _step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        issue = next(one for one in issues if not desk.closed(one))
        desk.close(issue)
        self.note(desk, "close", issue)
        return True

    def _reopen(self, _step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        issue = next(one for one in issues if desk.closed(one))
        desk.reopen(issue)
        self.note(desk, "reopen", issue)
        return True

    def _delete(self, _step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        desk.delete(issues[0])
        self.note(desk, "delete", issues[0])
        return True

    # --- what we manage, and what we do not ---------------------------------------------------------------------------

    def _goal(self, random: Random) -> str:
        key = random.choice(self.site.goals.goals).key
        return PREFIX + (key.lower() if random.random() < 0.1 else key)

    def _set_label(self, _step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        label = self._goal(random)
        return self._label_on(desk, issues[0], label, instead=random.random() < 0.3)

    def _unknown_goal(self, _step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        return self._label_on(desk, issues[0], f"{PREFIX}TYPO-{random.randint(1, 3)}", instead=False)

    def _label_on(self, desk: Desk, issue: str, label: str, *, instead: bool) -> bool:
        """Put a goal label on; ``instead``: and take the others off, as somebody does who relinks."""
        shown = desk.labels(issue)
        if label.casefold() in map(str.casefold, shown):
            return False
        desk.add_label(issue, label)
        self.note(desk, "set_goal", issue, surface="label", value=label[len(PREFIX) :])
        for other in shown if instead else ():
            if other.casefold().startswith(PREFIX):
                self._label_off(desk, issue, other)
        return True

    def _label_off(self, desk: Desk, issue: str, label: str) -> bool:
        desk.remove_label(issue, label)
        self.note(desk, "drop_goal", issue, surface="label", value=label[len(PREFIX) :])
        return True

    def _drop_label(self, _step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        issue, label = next(self._showing(desk, issues, lambda one: one.casefold().startswith(PREFIX)))
        return self._label_off(desk, issue, label)

    @staticmethod
    def _showing(desk: Desk, issues: Iterable[str], fits: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
        """Yield (issue, label) for every label that fits."""
        return ((issue, label) for issue in issues for label in desk.labels(issue) if fits(label))

    def _set_field(self, step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        if len(desk.site.surfaces) == 1:
            return self._set_label(step, desk, random, issues)
        value = random.choice(self.site.goals.goals).key
        if desk.field(issues[0]) == value:
            return False
        desk.set_field(issues[0], value)
        self.note(desk, "set_goal", issues[0], surface="field", value=value)
        return True

    def _drop_field(self, step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        if len(desk.site.surfaces) == 1:
            return self._drop_label(step, desk, random, issues)
        issue, value = next((one, shown) for one in issues if (shown := desk.field(one)))
        desk.set_field(issue, None)
        self.note(desk, "drop_goal", issue, surface="field", value=value)
        return True

    def _exempt(self, _step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        return self._switch(desk, issues, EXEMPT, "exempt", random)

    def _unexempt(self, _step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        return self._switch_off(desk, issues, EXEMPT, "unexempt")

    def _review_on(self, _step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        return self._switch(desk, issues, REVIEW, "review_on", random)

    def _review_off(self, _step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        return self._switch_off(desk, issues, REVIEW, "review_off")

    def _switch(self, desk: Desk, issues: list[str], label: str, kind: str, random: Random) -> bool:
        issue = next(one for one in issues if label not in map(str.casefold, desk.labels(one)))
        desk.add_label(issue, label.upper() if random.random() < 0.1 else label)
        self.note(desk, kind, issue)
        return True

    def _switch_off(self, desk: Desk, issues: list[str], label: str, kind: str) -> bool:
        issue, shown = next(self._showing(desk, issues, lambda one: one.casefold() == label))
        desk.remove_label(issue, shown)
        self.note(desk, kind, issue)
        return True

    def _foreign(self, desk: Desk, random: Random) -> str:
        label = random.choice(FOREIGN)
        return label if desk.site.kind == "github" else label.replace(" ", "_")

    def _foreign_on(self, _step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        label = self._foreign(desk, random)
        issue = next(one for one in issues if label.casefold() not in map(str.casefold, desk.labels(one)))
        desk.add_label(issue, label)
        self.note(desk, "label", issue, value=label)
        return True

    def _foreign_off(self, _step: Step, desk: Desk, _: Random, issues: list[str]) -> bool:
        issue, label = next(self._showing(desk, issues, lambda one: not ours(one)))
        desk.remove_label(issue, label)
        self.note(desk, "unlabel", issue, value=label)
        return True

    # --- settings of a place ------------------------------------------------------------------------------------------

    def _rename_label(self, step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        if not isinstance(desk.site.world, github.World):
            return self._foreign_on(step, desk, random, issues)
        place = random.choice(desk.places())
        labels = desk.site.world.repository(place).labels.values()
        name = random.choice(sorted(label.name for label in labels if label.name.casefold() not in {EXEMPT, REVIEW}))
        new = f"{PREFIX}TYPO-{step.number}" if name.casefold().startswith(PREFIX) else f"{name[:20]}-{step.number}"
        desk.site.world.rename_label(place, name, new, actor="mia")
        self.note(desk, "rename_label", place=place, value=name, new=new)
        return True

    def _delete_definition(self, step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        if not isinstance(desk.site.world, github.World):
            return self._foreign_on(step, desk, random, issues)
        place = random.choice(desk.places())
        name = random.choice(sorted(label.name for label in desk.site.world.repository(place).labels.values()))
        desk.site.world.delete_label(place, name, actor="mia")
        self.note(desk, "delete_label_definition", place=place, surface="label", value=name)
        return True

    def _rename_place(self, step: Step, desk: Desk, random: Random, issues: list[str]) -> bool:
        if not isinstance(desk.site.world, github.World):
            return self._move(step, desk, random, issues)
        place = random.choice(desk.places())
        new = f"acme/{place.partition('/')[2].partition('-')[0]}-{step.number}"
        desk.site.world.rename_repository(place, new, actor="mia")
        self.note(desk, "rename_repository", place=place, new=new)
        return True
