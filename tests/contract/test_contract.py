"""The contract catches the mistakes it was written for: each flawed connector fails the test named for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from tests.contract.memory_truth import MemoryTruth
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.goals import MemoryGoalSettings
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker
from vindaris_sync.domain.homes import Attached, Rewrite, Rewritten
from vindaris_sync.domain.menus import Alter, Make, Menu, MenuChange, Offered
from vindaris_sync.domain.models import (
    Address,
    CensusPage,
    Done,
    Gone,
    Hidden,
    Page,
    Present,
    Seen,
    Surface,
    Write,
    Written,
)
from vindaris_sync.sdk.contract import ConnectorContract, Fault
from vindaris_sync.sdk.errors import TrackerUnusable, Transient, Unknown
from vindaris_sync.sdk.goals import Statement, TrackerGoalSettings
from vindaris_sync.sdk.protocol import Connector
from vindaris_sync.sdk.settings import WriteBackSettings


class CursorFirst(MemoryConnector):
    """Gives each page the cursor of the whole pull."""

    def pull(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Yield pages whose cursor lies past what was yielded."""
        last = {page.scope: page.cursor for page in super().pull(cursors)}
        for page in super().pull(cursors):
            yield replace(page, cursor=last[page.scope])


class FirstPageOnly(MemoryConnector):
    """Takes the first page of a place for all of it."""

    def pull(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Yield one page a place."""
        seen: set[str] = set()
        for page in super().pull(cursors):
            if page.scope not in seen:
                seen.add(page.scope)
                yield page


class Forgetful(MemoryConnector):
    """Reads everything each time."""

    def pull(self, cursors: Mapping[str, str]) -> Iterator[Page]:
        """Ignore the cursors."""
        del cursors
        return super().pull({})


class Recalling(MemoryConnector):
    """Takes where a pull had come for what a scope is."""

    def recall(self, cursors: Mapping[str, str]) -> Mapping[str, str]:
        """Return the cursors."""
        return cursors


class HiddenIsGone(MemoryConnector):
    """Takes a 404 for a deletion."""

    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Answer Gone for Hidden."""
        for seen in super().fetch(addresses):
            yield Gone(seen.address, "404") if isinstance(seen, Hidden) else seen


class MovedIsPresent(MemoryConnector):
    """Does not notice that the answer shows another key."""

    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Answer Present for whatever came."""
        for seen in super().fetch(addresses):
            yield seen if isinstance(seen, (Gone, Hidden)) else Present(seen.address, seen.issue)


class OneByOne(MemoryConnector):
    """Asks for each issue singly."""

    def fetch(self, addresses: Sequence[Address]) -> Iterator[Seen]:
        """Spend an exchange on each address."""
        for address in addresses:
            yield from super().fetch([address])


class Careless(MemoryConnector):
    """Writes without looking."""

    def write(self, writes: Sequence[Write]) -> Iterator[Written]:
        """Apply everything and call it done."""
        for write in writes:
            for change in write.changes:
                self._apply(write.address.id, change)
            (seen,) = self.fetch([write.address])
            assert not isinstance(seen, (Gone, Hidden))
            yield Done(write, seen.issue)


class Replacing(MemoryConnector):
    """Replaces the whole set of labels."""

    def write(self, writes: Sequence[Write]) -> Iterator[Written]:
        """Take off every label that is not ours, then write."""
        for write in writes:
            for label in self._tracker.issue(write.address.id).labels:
                if not label.startswith(self._settings.write_back.label_prefix):
                    self._client.remove_label(write.address.id, label)
        return super().write(writes)


class Repeating(Careless):
    """Repeats a write that got no answer."""

    def write(self, writes: Sequence[Write]) -> Iterator[Written]:
        """Try twice."""
        try:
            yield from list(super().write(writes))
        except Unknown:
            yield from super().write(writes)


class Undefining(MemoryConnector):
    """Believes that every definition stands."""

    def defined(self, place: str, surface: Surface, values: Sequence[str]) -> dict[str, datetime | None]:
        """Answer without asking."""
        del place, surface
        return dict.fromkeys(values)


class HalfCounted(MemoryConnector):
    """Takes the part of a census since its last stop for all of it."""

    def census(self, scope: str, position: str = "") -> Iterator[CensusPage]:
        """Yield one page, and call it the last."""
        yield replace(next(super().census(scope, position)), position="")


class Adrift(MemoryConnector):
    """Believes whatever position it is given."""

    def census(self, scope: str, position: str = "") -> Iterator[CensusPage]:
        """Yield nothing behind a position that means nothing."""
        return super().census(scope, position) if not position or position.isdigit() else iter(())


class Overwriting(MemoryConnector):
    """Changes a choice without looking, and writes a home's body whole."""

    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Take whatever the choice shows now for what was expected."""
        now = {choice.id: choice for choice in self._tracker.menu}
        blind = [replace(each, before=now[each.before.id]) if isinstance(each, Alter) else each for each in changes]
        return super().offer(menu, blind)

    def rewrite(self, wanted: Rewrite) -> Rewritten:
        """Leave nothing of what stood there."""
        self._tracker.bodies.pop(wanted.address.id, None)
        return super().rewrite(replace(wanted, before=None))


class Renewing(MemoryConnector):
    """Makes a choice anew instead of renaming it, and forgets that an answer may be lost."""

    def offer(self, menu: Menu, changes: Sequence[MenuChange]) -> Iterator[Offered]:
        """Add the new name beside the old one."""
        return super().offer(menu, [Make(c.goal, c.after) if isinstance(c, Alter) else c for c in changes])


class Reparenting(MemoryConnector):
    """Hangs issues below homes, wherever they hang."""

    def attach(self, child: Address, parent: Address) -> Attached:
        """Take it from where it is."""
        self._tracker.set_parent(child.id, None)
        return super().attach(child, parent)


class GoalsForgotten(MemoryConnector):
    """Believes that a goal which it does not see is none any more."""

    def goals(
        self, wanted: TrackerGoalSettings, last: Statement | None, listed: Mapping[str, datetime] | None
    ) -> Statement:
        """Read as if for the first time."""
        del last
        return super().goals(wanted, None, listed)


class GoalsByKey(MemoryConnector):
    """Takes the key for the identity."""

    def goals(
        self, wanted: TrackerGoalSettings, last: Statement | None, listed: Mapping[str, datetime] | None
    ) -> Statement:
        """Return goals under their keys."""
        found = super().goals(wanted, last, listed)
        return replace(found, goals=tuple(replace(each, id=each.goal.key) for each in found.goals))


class GoalsGivenUp(MemoryConnector):
    """Answers with what it has when the tracker fails."""

    def goals(
        self, wanted: TrackerGoalSettings, last: Statement | None, listed: Mapping[str, datetime] | None
    ) -> Statement:
        """Return no goals rather than an error."""
        try:
            return super().goals(wanted, last, listed)
        except (Transient, TrackerUnusable):
            return Statement(())


MISTAKES: list[tuple[type[MemoryConnector], str]] = [
    (Overwriting, "test_what_a_person_has_just_changed_is_left_alone"),
    (Overwriting, "test_what_a_person_took_out_stays_out"),
    (Overwriting, "test_our_section_is_put_below_and_then_kept"),
    (Renewing, "test_a_goal_that_was_renamed_keeps_its_choice"),
    (Reparenting, "test_nobodys_parent_is_replaced"),
    (CursorFirst, "test_interrupted_pull_is_resumed"),
    (CursorFirst, "test_fault_between_pages_keeps_the_cursor"),
    (FirstPageOnly, "test_full_pull_reads_every_page"),
    (FirstPageOnly, "test_equal_stamps_across_a_page_edge"),
    (Forgetful, "test_idle_pull_is_cheap"),
    (Forgetful, "test_unchanged_issues_are_not_read_again"),
    (Recalling, "test_what_is_recalled_reads_everything"),
    (HiddenIsGone, "test_hidden_is_never_gone"),
    (MovedIsPresent, "test_moved_keeps_its_id"),
    (OneByOne, "test_fetch_is_batched"),
    (OneByOne, "test_many_writes_are_batched"),
    (Careless, "test_stale_write_is_not_applied"),
    (Careless, "test_double_write_is_a_no_op"),
    (Replacing, "test_foreign_labels_are_untouched"),
    (Repeating, "test_failed_write_is_not_repeated_blindly"),
    (Undefining, "test_deleted_definitions_are_told"),
    (HalfCounted, "test_census_goes_on_where_it_stopped"),
    (HalfCounted, "test_census_equals_truth"),
    (Adrift, "test_census_begins_anew_where_its_position_is_lost"),
    (GoalsForgotten, "test_hidden_goals_stay_as_they_were"),
    (GoalsByKey, "test_a_moved_goal_keeps_its_id"),
    (GoalsGivenUp, "test_no_half_of_the_goals"),
]
_ARGUMENTS = {"pages": 1, "fault": Fault.LOST_ANSWER}


def _run(flawed: type[MemoryConnector], name: str) -> None:
    """Run one test of the contract against a connector."""
    truth = MemoryTruth(MemoryTracker())

    def connect() -> Connector:
        settings = MemorySettings(
            write_back=WriteBackSettings(surfaces=("field:Goal", "label"), show_priority="label:prio:")
        )
        return flawed.on(truth.world, settings=settings)

    suite = ConnectorContract()
    test = cast("Callable[..., None]", getattr(suite, name))
    fault = Fault.SERVER_ERROR if "cursor" in name else Fault.LOST_ANSWER
    given = {**_ARGUMENTS, "tracker": truth, "connect": connect, "connector": connect(), "fault": fault}
    given["goal_source"] = MemoryGoalSettings(tracker="memory", label="a-goal")
    truth.advance(timedelta(minutes=1))
    test(**{key: value for key, value in given.items() if key in inspect.signature(test).parameters})


@pytest.mark.parametrize(("flawed", "name"), MISTAKES, ids=lambda value: getattr(value, "__name__", value))
def test_mistake_is_caught(flawed: type[MemoryConnector], name: str) -> None:
    """The test fails for the flawed connector, and passes for the sound one."""
    _run(MemoryConnector, name)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        _run(flawed, name)
