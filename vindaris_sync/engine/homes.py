"""Homes of goals: goals that no tracker states become issues in one, made once; linked work is hung below them.

A step of its own after write-back and publishing. Where nothing has changed it costs no request; what fails is noted
and tried with the next pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

import structlog

from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.goals import Goal, by_key, parent_of
from vindaris_sync.domain.homes import (
    Attached,
    Errand,
    Home,
    KeepHome,
    Means,
    Page,
    Rewrite,
    draft_id,
    page_of,
    parents_first,
)
from vindaris_sync.domain.menus import Fate
from vindaris_sync.domain.models import Address, Finding, Gone, Hidden, Issue, Level, Present
from vindaris_sync.domain.visibility import as_told, for_strangers
from vindaris_sync.engine.context import Context, Tracker
from vindaris_sync.sdk.creating import Creates
from vindaris_sync.sdk.errors import IssueRejected, TrackerUnusable, Transient
from vindaris_sync.sdk.governor import Urgency
from vindaris_sync.sdk.homes import Homing
from vindaris_sync.sdk.protocol import OVERLAP, Capability, Connector
from vindaris_sync.store.homes import Hanging, Hung, StoredHome

log = structlog.get_logger("vindaris_sync.homes")

MOST = 50
"""Issues that one pass makes, rewrites or hangs somewhere else; at a write a second the others wait for the next."""

_AGAIN = "to have another one made: vindaris-sync goal rehome"


class _Keeper(Connector, Homing, Creates, Protocol):
    """A connector that can be a home."""


def keep_homes(context: Context, tracker: Tracker, counts: Counter[str], *, look: bool = False) -> list[KeepHome]:
    """Keep the homes of goals, where this tracker is theirs; return what is done, or would be in a dry run.

    ``look``: homes are looked for, and what was refused is tried again.
    """
    home, connector = context.home, tracker.connector
    if home is None or home.tracker != tracker.name or not tracker.settings.write_back.enabled:
        return []
    wanted = Capability.HOME | Capability.CREATE
    if wanted not in connector.capabilities or tracker.name in context.store.restored_trackers():
        return []
    keeping = _Keeping(context, tracker, home, connector, counts)  # type: ignore[arg-type] # its capabilities say so
    try:
        with tracker.conduct.urgent(Urgency.DECIDED):
            keeping.carry_out(look=look)
    except (Transient, TrackerUnusable, IssueRejected) as error:
        log.warning("homes failed", tracker=tracker.name, error=f"{error}. {error.advice}".strip(" ."))
        counts["homes not kept"] += 1
    return keeping.planned


@dataclass(slots=True)
class _Keeping:
    """One look at all homes, and what follows from it."""

    context: Context
    tracker: Tracker
    home: Home
    connector: _Keeper
    counts: Counter[str]
    planned: list[KeepHome] = field(default_factory=list)
    _public: bool | None = None
    _asked_public: bool = False
    _told: Callable[[str], str] = as_told

    def carry_out(self, *, look: bool) -> None:
        if look and self.context.writes:
            self.context.store.put_note(self._settled, None)
            self.context.store.retry_homes()
            self._look(self._homes().values())
            self.context.store.put_note(self._note, self.connector.public(self.home.place))
        stamp = self._stamp()
        if not look and self.context.store.note(self._settled) == stamp:
            return
        pending = self._look_through()
        if self.context.writes and not pending and not self.planned and self._stamp() == stamp:
            self.context.store.put_note(self._settled, stamp)

    def _look_through(self) -> bool:
        """Do what there is to do about each home; return whether time alone makes more of it."""
        book, stored = self.context.book(), self.context.store.goals()
        goals = [
            (each.id, replace(each.goal, title=book.goals[each.id].title))
            for each in stored
            if each.goal.source in self.home.sources
        ]
        known = by_key(each.goal for each in stored)
        homes = self.context.store.homes()
        for number, goal in parents_first(goals):
            if number in homes and homes[number].ref and homes[number].tracker != self.tracker.name:
                continue  # its home was made elsewhere and stays there, until somebody wants another one
            self._keep(number, goal, homes.get(number), known)
        if self.home.attach:
            self._hang_homes(goals, known)
            self._hang_work()
        if self.context.writes:
            now = self.context.now()
            self.context.store.put_home_troubles(self.tracker.name, list(self._troubles(dict(goals))), now)
        return any(each.ref is None and not each.refused and self._waits(each) for each in homes.values())

    def _stamp(self) -> list[object]:
        """Return what differs where homes may have something to do; people's changes to them are found at night."""
        store, home = self.context.store, self.home
        settings = [home.place, home.type, sorted(home.sources), home.attach]
        return [*store.goals_stamp(), *store.links_stamp(), settings]

    @property
    def _settled(self) -> str:
        """The note that holds as of when nothing was left to do: a pass that finds the same looks no further."""
        return f"homes settled {self.tracker.name}"

    # --- issues that are goals ------------------------------------------------------------------------------------

    def _keep(self, number: int, goal: Goal, held: StoredHome | None, known: dict[str, Goal]) -> None:
        """Make a goal's home, or bring it up to date, where there is something to do."""
        if len(self.planned) >= MOST:
            return
        if held is None or held.ref is None:
            if not goal.status.closed and not (held and (held.refused or self._waits(held))):
                self._make(held or StoredHome(number, self.tracker.name, self.home.place), goal, known)
            return
        if held.gone or held.refused or held.page == self._page(goal, known):
            return
        wanted = Rewrite(held.address, held.page, self._page(goal, known, ask=True))
        if wanted.after != held.page and self._plans(number, Errand.REWRITE, held.key, f"{goal.key}: section, title"):
            self._write(held, wanted)

    def _homes(self) -> dict[int, StoredHome]:
        """Return the homes in this tracker."""
        found = self.context.store.homes()
        return {goal: held for goal, held in found.items() if held.tracker == self.tracker.name}

    def _waits(self, held: StoredHome) -> bool:
        """Whether an attempt was made so lately that a lagging index may not show what came of it."""
        return held.attempted is not None and abs(self.context.now() - held.attempted) < OVERLAP + timedelta(minutes=1)

    def _page(self, goal: Goal, known: dict[str, Goal], *, ask: bool = False) -> Page:
        """Return what the home is to show; whether strangers read there is asked where something is to be done."""
        if self._public is None:
            self._public = self.context.store.note(self._note)
        if ask and not self._asked_public:
            self._asked_public, self._public = True, self.connector.public(self.home.place)
            self.context.store.put_note(self._note, self._public)
        public = self._public is not False
        if public and self._told is as_told:
            self._told = for_strangers(known.values())
        return page_of(goal, known, public=public, told=self._told if public else as_told)

    @property
    def _note(self) -> str:
        return f"home public {self.tracker.name} {self.home.place}"

    def _make(self, held: StoredHome, goal: Goal, known: dict[str, Goal]) -> None:
        page = self._page(goal, known, ask=True)
        if goal.private and self._public:
            return  # told by ``_troubles``: an issue for a title that nobody may read helps nobody
        if not self._plans(held.goal, Errand.CREATE, self.home.place, page.title):
            return
        store = self.context.store
        held = replace(held, tracker=self.tracker.name, place=self.home.place, attempted=self.context.now())
        store.intend_home(held)
        try:
            made = self.connector.create(
                Draft(draft_id(goal, held.number), self.home.place, self.home.type, page.title, "")
            )
        except IssueRejected as error:
            store.put_home(replace(held, refused=f"{error}. {error.advice}".strip(" .")))
            return
        held = replace(held, ref=made.ref, key=made.key, attempted=None)
        store.home_made(held, goal, self.context.now())
        self._record(held.address, made)
        self._write(held, Rewrite(held.address, None, page))

    def _write(self, held: StoredHome, wanted: Rewrite) -> None:
        outcome = self.connector.rewrite(wanted)
        self.counts[f"homes {outcome.fate}"] += 1
        match outcome.fate:
            case Fate.DONE:
                held = replace(held, page=wanted.after, kept=outcome.kept)
            case Fate.REFUSED if outcome.unseen:
                self._look([replace(held, refused=outcome.reason)])
                return
            case Fate.REFUSED:
                held = replace(held, refused=f"{outcome.reason}. {outcome.advice}".strip(" ."))
            case _:
                return
        self.context.store.put_home(held)

    def _look(self, homes: Iterable[StoredHome]) -> None:
        """Find out which homes were deleted or have moved; what cannot be seen is left as it is (L6)."""
        found = {each.address: each for each in homes if each.ref and not each.gone}
        for seen in self.connector.fetch(list(found)):
            held = found[seen.address]
            if isinstance(seen, Gone):
                held = replace(held, gone=True, refused="")
            elif not isinstance(seen, Hidden):
                held = replace(held, ref=seen.issue.ref, key=seen.issue.key, refused="")
            self.context.store.put_home(held)

    def _troubles(self, goals: dict[int, Goal]) -> Iterator[Finding]:
        homes = self.context.store.homes()
        hidden = [goal.key for number, goal in goals.items() if goal.private and number not in homes and self._public]
        if hidden:
            message = f"strangers read there, and {len(hidden)} goals are private: they have no issue there"
            yield Finding(
                Level.WARNING,
                f"home of goals in {self.home.place}",
                message.replace("1 goals are private: they have", "1 goal is private: it has"),
                'choose a place that only you read, or set visibility = "public" on goals that everybody may know',
            )
        for number, held in sorted(homes.items()):
            if number not in goals:
                continue
            subject = f"home of {goals[number].key}"
            if held.gone:
                fix = f"{_AGAIN} {goals[number].key}"
                yield Finding(Level.WARNING, subject, f"its issue {held.key} was deleted, and is not made again", fix)
            elif held.refused:
                yield Finding(Level.ERROR, subject, held.refused, "set that right; it is tried again at night")
            elif held.crowded:
                said = f"{held.key} takes no more children: further work is linked and not hung below it"
                yield Finding(Level.WARNING, subject, said, "nothing is lost; close or detach some, or split the goal")

    # --- what hangs below -----------------------------------------------------------------------------------------

    def _hang_homes(self, goals: list[tuple[int, Goal]], known: dict[str, Goal]) -> None:
        """Hang each goal's home below its parent's."""
        homes, store = self._homes(), self.context.store
        numbers = {goal.key: number for number, goal in goals}
        rows = store.rows_of(self.tracker.name, [each.ref.id for each in homes.values() if each.ref])
        hung = {each.issue: each for each in store.hung()}
        for number, goal in goals:
            held, above = homes.get(number), parent_of(goal, known)
            if held is None or held.ref is None or held.gone or (row := rows.get(held.ref.id)) is None:
                continue
            wanted = numbers.get(above.key) if above is not None else None
            now = hung.get(row)
            if now is not None and self._stays(now, wanted):
                continue
            parent = homes.get(wanted) if wanted is not None else None
            if wanted is not None and parent is not None and parent.ref is not None and not parent.crowded:
                record = store.view_records([row])[row]
                if record.parent is None and not record.parent_stated and parent.ref.id in rows:
                    self._attach(row, held.address, wanted, rows[parent.ref.id])

    def _hang_work(self) -> None:
        """Hang linked work that hangs nowhere below its goal's home, and take from there what serves another goal."""
        store, homes = self.context.store, self._homes()
        rows = store.rows_of(self.tracker.name, [each.ref.id for each in homes.values() if each.ref])
        own = set(rows.values())
        for hung in store.hung():
            if hung.issue not in own and not self._stays(hung, hung.serves):
                self._attach(hung.issue, store.addresses({hung.issue})[hung.issue], hung.goal, hung.above)
        loose = [each for each in store.loose(self.tracker.name, MOST) if each[0] not in own]
        addresses = store.addresses({issue for issue, _ in loose})
        for issue, goal in loose:
            above = homes[goal].ref
            if above is not None and above.id in rows and issue in addresses:
                self._attach(issue, addresses[issue], goal, rows[above.id])

    def _stays(self, hung: Hung, wanted: int | None) -> bool:
        """Return whether nothing more is to be done about what hangs there; what hangs wrong is taken off (L5)."""
        store = self.context.store
        ours = hung.means is Means.LINK or hung.parent == hung.above
        if hung.state in (Hanging.ATTACHED, Hanging.INTENDED) and not ours and self.context.writes:
            if hung.parent_stated:
                store.forget_hung([hung.issue])  # it hangs elsewhere by now: somebody knows better
                return True
            if hung.state is Hanging.ATTACHED:
                store.put_hung(hung.issue, hung.goal, hung.above, hung.means, Hanging.DECLINED)
                return True
        if hung.goal == wanted and hung.state is not Hanging.INTENDED:
            return True
        if hung.goal == wanted:
            return False
        if hung.state is Hanging.ATTACHED:
            self._detach(hung)
        elif self.context.writes:
            store.forget_hung([hung.issue])
        return True

    def _attach(self, issue: int, address: Address, goal: int, above: int) -> None:
        store = self.context.store
        parent = store.addresses({above})[above]
        if not self._plans(goal, Errand.ATTACH, address.key, f"below {parent.key}"):
            return
        store.put_hung(issue, goal, above, Means.PARENT, Hanging.INTENDED)
        outcome = self._asked(lambda: self.connector.attach(address, parent))
        if outcome.full:
            held = store.homes()[goal]
            store.put_home(replace(held, crowded=True))
        match outcome.fate:
            case Fate.DONE:
                store.put_hung(issue, goal, above, outcome.means, Hanging.ATTACHED)
                self._record(address, outcome.issue)
            case Fate.REFUSED | Fate.STALE:
                store.put_hung(issue, goal, above, outcome.means, Hanging.REFUSED)
            case _:
                pass  # nobody knows: it stays intended, and is asked for once more

    def _detach(self, hung: Hung) -> None:
        store = self.context.store
        addresses = store.addresses({hung.issue, hung.above})
        child, parent = addresses[hung.issue], addresses[hung.above]
        if not self._plans(hung.goal, Errand.DETACH, child.key, f"from below {parent.key}"):
            return
        outcome = self._asked(lambda: self.connector.detach(child, parent))
        if outcome.fate is Fate.DONE:
            self._record(child, outcome.issue)
            store.forget_hung([hung.issue])

    def _asked(self, ask: Callable[[], Attached]) -> Attached:
        try:
            outcome = ask()
        except IssueRejected as error:
            outcome = Attached(Fate.REFUSED, reason=str(error), advice=error.advice)
        self.counts[f"hanging {outcome.fate}"] += 1
        return outcome

    def _plans(self, goal: int, errand: Errand, key: str, text: str) -> bool:
        """Note that this is to be done; return whether it is, now and really."""
        if len(self.planned) >= MOST:
            return False
        self.planned.append(KeepHome(self.tracker.name, goal, errand, key, text))
        self.context.beat(self.tracker.name)
        return self.context.writes

    def _record(self, address: Address, issue: Issue | None) -> None:
        if issue is not None:
            seen, surfaces, ahead = [Present(address, issue)], self.connector.layout().surfaces, self.tracker.ahead
            self.context.store.record_seen(self.tracker.name, seen, surfaces, self.context.now(), ahead=ahead)
