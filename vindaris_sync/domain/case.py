"""One issue's case: the steps from what it shows to what follows, each adding actions and updating ``after``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vindaris_sync.domain import merge as merging
from vindaris_sync.domain.actions import (
    Action,
    Announce,
    CloseCause,
    ConfirmGoal,
    NeedsRead,
    OpenCause,
    SetBases,
    SetConflict,
    SetExplicit,
    SetState,
    Skip,
    StandFor,
    Wake,
    WriteBack,
)
from vindaris_sync.domain.carrying import confirming
from vindaris_sync.domain.links import UNDECIDED, Effective, effective, ends_at, holds, suspect
from vindaris_sync.domain.merge import Merged, Result
from vindaris_sync.domain.mirrors import mirrored
from vindaris_sync.domain.models import Base, Exemption, Explicit, Link, LinkState, Presence, Provenance
from vindaris_sync.domain.outcome import adopted, is_stored, names, timing
from vindaris_sync.domain.records import (
    Answer,
    Cause,
    CauseKey,
    Conflict,
    ParentBasis,
    Reason,
    Record,
    Situation,
    value_text,
)
from vindaris_sync.domain.reviews import (
    Standing,
    answer_to,
    labelling,
    next_look,
    parent_changed,
    redundant,
    standing,
    stood_for,
    surface_at,
)
from vindaris_sync.domain.sides import NO_GOAL, Side, Value, agreed_base, read_side, read_sides
from vindaris_sync.domain.writes import goal_write, may_write


class Case:
    """An issue being decided. ``after`` is the record as it will be; ``actions`` what makes it so."""

    def __init__(self, record: Record, chain: tuple[Record, ...], situation: Situation) -> None:
        self.before = record
        self.after = record
        self.causes = record.causes
        self.chain = chain
        self.goals = situation.goals
        self.rules = situation.rules
        self.now = situation.now
        self.situation = situation
        self.policy = situation.policies[record.ref.tracker]
        self.actions: list[Action] = []
        self._merged: Merged | None = None
        self._label: Side | None = None
        self._bases: dict[str, Base] = {}
        self._effect = UNDECIDED
        self._answered: dict[CauseKey, Answer] = {}
        self._confirmed_basis = False
        self._itself = situation.must_carry(record)
        self.descends = record.presence is not Presence.PRESENT or (self._itself and not record.explicit)
        """Whether what hangs below is to be decided, too: always where what stands above goes there, but not here."""
        self.asked = record.presence is Presence.PRESENT and not situation.ignores(record)
        """Whether it can be asked: what is tracked, and what is a goal itself, about what hangs below it."""
        self.tracked = self.asked and not (self.goals.carried and record.ref in self.goals.carried)
        """Whether it has a link state of its own: in scope, of a type that is not ignored, and no goal itself (R6)."""

    # --- steps ----------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Let its open causes go: it is out of scope, moved away or gone; links stay as they were."""
        self._close_all()
        self._set_state(LinkState(self.before.state or LinkState.UNLINKED), tracked=False)

    def expire(self) -> None:
        """End an exemption whose time is over; a change by machine, which yields to a person's."""
        explicit = self.before.explicit
        if isinstance(explicit, Exemption) and explicit.expires is not None and explicit.expires <= self.now:
            self.after = replace(self.after, undecided_since=f"exemption_expired:{explicit.expires.isoformat()}")
            self._set_explicit(
                (), event="exemption_expired", who="vindaris-sync", how="expiry", why="its time is over", machine=True
            )

    def read(self) -> bool:
        """Read its surfaces under R2; False where an edit must be seen by a direct read first."""
        layout = self.policy.layout
        sides = self._sides = read_sides(self.after, layout, self.goals)
        if layout.review is not None:
            label = self._label = read_side(self.after, layout.review, layout, self.goals)
            sides = (*sides, label)
            if self.policy.restored and not label.shown:
                self._label = replace(label, shown=label.base)  # nobody knows who took it off
        for side in sides:
            if side.unread or (side.lost and not self.policy.verified):
                self.actions = [NeedsRead(self.before.id)]
                return False
        return True

    def merge(self) -> None:
        """Merge the surfaces (R3, R4): adopt, agree, or remember a conflict."""
        self._take(merging.merge(self.after, self._sides, self.policy.layout, yields=self.policy.restored))

    def answer_label(self) -> None:
        """Take the review label's removal as an answer, and its appearance as a request (R10)."""
        label = self._label
        if label is None or not label.works or not self.asked:
            return
        if label.moved and not label.shown:
            self._answer_open_causes()
        elif label.moved and not self.policy.restored and not self.before.closed:
            self._request()
            self._stand_for_all()
        if label.moved or label.surface.key not in self.before.bases:
            self._agree(label, label.shown)

    def _inherits(self) -> tuple[int, ...]:
        """Return the goals that the chain above gives; a rule's are no ancestor's, and never make a link redundant."""
        if self.after.explicit:
            return effective(self.after, (), self.chain, itself=self._itself, carried=self.goals.carried).goals
        return () if self._effect.rule else self._effect.goals

    def _effective(self) -> Effective:
        above = (self.chain, self.rules)
        return effective(self.after, self.after.explicit, *above, itself=self._itself, carried=self.goals.carried)

    def settle(self) -> None:
        """Find the effective link, its state and the parent it was accepted under (R6)."""
        self._effect = self._effective()
        inherited = self._inherits()
        asks = not self._confirmed_basis and (
            parent_changed(self.after, self._effect, self.after.basis) is not None
            or redundant(self.after, inherited, self.after.basis) is not None
        )
        waits = self._effect.parent_unknown  # what stood before is compared with what the parent turns out to give
        if not asks and not waits:
            accepted, basis = (self.after.parent, self._effect.goals, inherited), self.after.basis
            if basis is None or accepted != (basis.parent, basis.goals, basis.inherited):
                self.after = replace(self.after, basis=ParentBasis(*accepted))
        self._inherited = inherited

    def review(self) -> None:
        """Open the causes that stand and were not asked, close those that stand no more (R7)."""
        if not self.asked or self.before.closed:
            self._close_all()
            return
        where = (self.after, self._effect.carrier, self.chain, self.situation.passes_by)
        found = standing(
            self.after,
            self._effect,
            holder=holds(*where),
            ends=ends_at(*where, self.goals.carried),
            causes=self.causes,
            conflict=self.after.conflict,
            unknown=self._merged.unknown if self._merged else (),
            basis=self.after.basis,
            undecided_since=self.after.undecided_since,
            goals=self.goals,
        )
        if (own := redundant(self.after, self._inherited, self.after.basis)) is not None:
            found.append(own)
        keys = {one.key for one in found} if self.causes else frozenset()
        for cause in self.causes:
            if cause.key not in keys:
                self._close(cause, self._ending(cause))
        for one in found:
            self._open(one)
        if self.policy.restored and self._label and self._label.works and self._label.moved:
            self._request()  # not before: the label may be ours, for what is asked now once more

    def write_back(self) -> None:
        """Plan the changes that bring each surface to what S and the review want (R3, R5, R10)."""
        merged = self._merged
        if merged and merged.result is not Result.CONFLICT and self.tracked and not self._shows_it_all(merged):
            changes = (goal_write(self.after, side, self.goals, self.policy) for side in self._sides)
            self.actions += [change for change in changes if change is not None]
        if self.tracked and not self.before.closed:
            shown = mirrored(self.after, self._effect, self.policy)
            self.actions += shown.writes
            self._bases.update(shown.agreed)
        self._write_label()

    def _shows_it_all(self, merged: Merged) -> bool:
        """Return whether every surface shows S already, each goal under its present key: the usual case, told early."""
        own = self.after.explicit is not self.before.explicit  # an answer to the review label may have made a link so
        if merged.result is not Result.IN_SYNC or own or self.before.undefined:
            return False
        return all(self.goals.keys.issuperset(side.raw) for side in self._sides if side.surface.shows_goals)

    def finish(self) -> None:
        """Record what both sides agree on, the state, and when time alone will matter."""
        for side in self._sides:
            self._leave_base(side)
        held = self.before.bases
        bases = {key: base for key, base in self._bases.items() if base is not held.get(key) and base != held.get(key)}
        if bases:
            self.actions.append(SetBases(self.before.id, bases))
        self._set_state(self._effect.state, tracked=self.tracked)
        self._wake()
        if not self.actions:
            self.actions.append(Skip(self.before.id, self._merged.result if self._merged else "nothing to do"))

    # --- explicit link or exemption -------------------------------------------------------------------------------

    def _take(self, merged: Merged) -> None:
        self._merged = merged
        record = self.after
        if merged.result is Result.CONFLICT:
            if record.conflict is None or record.conflict.explicit != value_text(record.explicit):
                observed = {side.surface.key: side.raw for side in merged.sides if side.works}
                self._set_conflict(Conflict(value_text(record.explicit), observed))
            return
        if record.conflict is not None:
            self._set_conflict(None)
        if merged.result is Result.ADOPT:
            self._adopt(merged)
        seen = merged.result in (Result.ADOPT, Result.DECIDED)
        for side in merged.sides:
            if side.works and not side.held and (merged.shows(side) or (seen and side.moved)):
                self._agree(side, merged.wanted(side))

    def _agree(self, side: Side, wanted: Value) -> None:
        self._bases[side.surface.key] = agreed_base(self.after, side, wanted)

    def _leave_base(self, side: Side) -> None:
        """Let what cannot be shown count as agreed elsewhere: it may come back without values."""
        base = self.before.bases.get(side.surface.key)
        if base is not None and not side.works:
            self._bases[side.surface.key] = replace(base, place="")
        elif base is not None and base.sent and side.raw == base.value and self.policy.verified:
            self._bases.setdefault(side.surface.key, replace(base, sent=()))  # it was read since, and never arrived

    def _adopt(self, merged: Merged) -> None:
        record = self.after
        who = f"someone in {record.ref.tracker}"
        explicit = adopted(merged, record, self.goals, who, self.now, self.policy)
        if not explicit and record.explicit:
            self.after = replace(record, undecided_since=f"link_removed:{record.updated.isoformat()}")
        event = "exempted" if isinstance(explicit, Exemption) else "linked" if explicit else "unlinked"
        self._set_explicit(explicit, event=event, who=who, how="tracker", why="changed in the tracker")

    def _set_explicit(  # noqa: PLR0913 - each is a column of the history
        self, explicit: Explicit, *, event: str, who: str, how: str, why: str, machine: bool = False
    ) -> None:
        before, after = names(self.after.explicit, self.goals), names(explicit, self.goals)
        self.actions.append(
            SetExplicit(self.before.id, explicit, event, who, how, why, before, after, by_machine=machine)
        )
        self.after = replace(self.after, explicit=explicit, by_machine=machine)
        self.descends = True

    def _set_conflict(self, conflict: Conflict | None) -> None:
        self.actions.append(SetConflict(self.before.id, conflict))
        self.after = replace(self.after, conflict=conflict)

    # --- reviews --------------------------------------------------------------------------------------------------

    def _request(self) -> None:
        """Take the label for a person's request where nothing else asks for it."""
        if not any(cause.answer is None and cause.surface_at is not None for cause in self.causes):
            stamp = self.before.updated.isoformat()
            self._open(Standing(CauseKey(Reason.REQUESTED, "", stamp), "a person asked for a review"))

    def _stand_for_all(self) -> None:
        """Let a label that a person put on stand for what was asked then, unless it is ours and not recorded yet."""
        waiting = [cause for cause in self.causes if cause.answer is None]
        if self.before.label_stood.causes.isdisjoint(cause.key for cause in waiting):
            stood = stood_for(waiting, self._effective(), self.goals, self.before.updated)
            self.actions.append(StandFor(self.before.id, stood))

    def _answer_open_causes(self) -> None:
        """Say "what this issue shows is right" to every cause that the label stood for (R10)."""
        stood = self.before.label_stood.causes
        for cause in [cause for cause in self.causes if cause.answer is None and cause.key in stood]:
            answer = answer_to(cause.key)
            if cause.key.reason is Reason.CONFLICT:
                self._adopt_conflict()
            if cause.key.reason is Reason.PARENT_CHANGED:
                self._confirmed_basis = True
            self._close(cause, answer, who=f"someone in {self.before.ref.tracker}", how="review label taken off")
        if (carrier := self._effective()).links:  # not before: a conflict was answered with what the issue shows
            self._confirm(carrier)

    def _adopt_conflict(self) -> None:
        if self.after.conflict is None:
            return
        moved = [side for side in self._sides if side.works and side.moved] or [s for s in self._sides if s.works]
        several = self.policy.layout.several_goals
        self._take(merging.adopt_shown(self.after, moved, self._sides, several=several))

    def _confirm(self, carrier: Effective) -> None:
        """Confirm the effective link at the revisions that the label stood for; at a non-carrier it becomes its own."""
        who, how, why = f"someone in {self.before.ref.tracker}", "review label taken off", "what it shows is right"
        becomes = Link(0, Provenance.ADOPTED, who, self.now, 0, "")
        links, below = confirming(self.after, carrier, self.goals, self.before.label_stood.revisions, becomes)
        if links is not None:
            self._set_explicit(links, event="confirmed", who=who, how=how, why=why)
        if below is not None:
            self.actions.append(ConfirmGoal(self.before.id, below.goal, below.revision, who, how, why))
            self.goals = self.goals.confirmed(below)

    def _ending(self, cause: Cause) -> Answer:
        decided = self.after.explicit != self.before.explicit or cause.key.reason in (Reason.UNLINKED, Reason.CONFLICT)
        return Answer.DECIDED if decided and cause.open else Answer.MOOT

    def _open(self, one: Standing) -> None:
        for cause in self.causes:
            if cause.key == one.key:
                if (at := cause.surface_at) is not None and self.before.parent_unknown != self._effect.parent_unknown:
                    self._announce(one.key, max(at, self.now))  # nobody is told while the chain above is not read
                return
        if self._answered.get(one.key) in (Answer.CONFIRMED, Answer.ACKNOWLEDGED):
            return
        at = surface_at(one.key, self.before, self.policy, self.now)
        self.causes = (*self.causes, cause := Cause(one.key, self.now, at, detail=one.detail))
        self.actions.append(OpenCause(self.before.id, cause))
        if at is not None:
            self._announce(one.key, at)

    def _close(self, cause: Cause, answer: Answer, *, who: str = "vindaris-sync", how: str = "decision") -> None:
        kept = tuple(other for other in self.causes if other.key != cause.key)
        if answer in (Answer.CONFIRMED, Answer.ACKNOWLEDGED):
            self._answered[cause.key] = answer
            kept = (*kept, replace(cause, answer=answer))
        self.causes = kept
        self.actions.append(CloseCause(self.before.id, cause.key, answer, who, how))
        if cause.open and cause.surface_at is not None:
            self._announce(cause.key, self.now)

    def _close_all(self) -> None:
        for cause in self.causes:
            self._close(cause, Answer.MOOT)

    def _announce(self, key: CauseKey, due: datetime) -> None:
        action = Announce(self.before.ref.tracker, self.before.place, key.reason, key.subject, due)
        if action not in self.actions:
            self.actions.append(action)

    # --- label and state ------------------------------------------------------------------------------------------

    def _write_label(self) -> None:
        label = self._label
        if label is None or not label.works or not may_write(self.before, self.policy, label.surface):
            return
        causes = labelling(self.causes, self.policy, self.now, parent_unknown=self._effect.parent_unknown)
        asked = self.asked and not self.before.closed and bool(causes)
        if label.shows(wanted := frozenset({NO_GOAL} if asked else ())):
            self._agree(label, wanted)
            return
        if not asked:
            self.actions.append(WriteBack(self.before.id, label.surface, (), label.raw, label.raw))
            return
        if label.shown:  # lost with a move or a deleted definition: not an edit, and put back
            self._bases.pop(label.surface.key, None)
        add, revisions = (label.surface.id,), self.goals.revisions_of(self._effect.links)
        self.actions.append(WriteBack(self.before.id, label.surface, add, (), label.raw, causes, revisions))

    def _set_state(self, state: LinkState, *, tracked: bool) -> None:
        before, effect, after = self.before, self._effect, self.after
        carrier = effect.carrier.id if effect.carrier else None
        action = SetState(
            self.before.id,
            state,
            carrier,
            effect.goals,
            after.basis,
            tracked=tracked,
            parent_unknown=effect.parent_unknown,
            suspect=suspect(effect.links, self.goals),
            undecided_since=after.undecided_since,
            timing=timing(self.before, effect, self.policy),
            rule=effect.rule.id if effect.rule else None,
        )
        former = (before.state, before.carrier, before.goals, before.parent_unknown, before.rule, before.tracked)
        changed = (state, carrier, effect.goals, effect.parent_unknown, action.rule, tracked) != former
        self.descends |= changed or self.before.closed or self.goals.has_ended(self.before.ref)
        if not is_stored(action, self.before):
            self.actions.append(action)

    def _wake(self) -> None:
        at = next_look(self.causes, self.after.explicit, self.now)
        if at != self.before.wake_at:
            self.actions.append(Wake(self.before.id, at))
