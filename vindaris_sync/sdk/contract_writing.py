"""The contract of ``write``: ours only, never blindly, each outcome as read back (L4, L5, R5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

import pytest

from vindaris_sync.domain.models import (
    Change,
    Done,
    Issue,
    Stale,
    Surface,
    SurfaceKind,
    Write,
    Written,
)
from vindaris_sync.sdk.contract_truth import (
    Ability,
    Suite,
    Truth,
    address_of,
    fetch_one,
    need,
    pull,
    shown,
    surface,
    write_of,
)
from vindaris_sync.sdk.protocol import Connector, Loss, Missing

W = TypeVar("W", bound=Written)
_MINUTE = timedelta(minutes=1)


class WritingContract(Suite):
    """Write."""

    @pytest.fixture(autouse=True)
    def _people_wait(self, tracker: Truth) -> None:
        """Let a minute pass, so that no stamp of the test equals that of the tracker's set-up."""
        tracker.advance(_MINUTE)

    def test_label_is_written(self, tracker: Truth, connector: Connector) -> None:
        """A goal written as a label is on the issue, and the outcome shows the issue as it is afterwards."""
        issue = self._issue(tracker, connector)
        done = _write(connector, Done, write_of(connector, issue, surface(connector, SurfaceKind.LABEL), add=("G-1",)))
        prefix = surface(connector, SurfaceKind.LABEL).id
        assert list(tracker.labels(issue.ref.id)) == [f"{prefix}G-1"]
        assert done.issue == fetch_one(connector, address_of(connector, tracker, issue.ref.id))

    def test_label_is_replaced(self, tracker: Truth, connector: Connector) -> None:
        """A goal replaced by another leaves only the new label."""
        prefix = surface(connector, SurfaceKind.LABEL).id
        issue = self._issue(tracker, connector, labels=[f"{prefix}G-1"])
        _write(
            connector,
            Done,
            write_of(connector, issue, surface(connector, SurfaceKind.LABEL), add=("G-2",), remove=("G-1",)),
        )
        assert list(tracker.labels(issue.ref.id)) == [f"{prefix}G-2"]

    def test_field_is_written_and_emptied(self, tracker: Truth, connector: Connector) -> None:
        """A goal written into the managed field is there, and is gone when taken out."""
        need(tracker, Ability.FIELD)
        issue = self._issue(tracker, connector)
        done = _write(connector, Done, write_of(connector, issue, surface(connector, SurfaceKind.FIELD), add=("G-1",)))
        assert tracker.field_value(issue.ref.id) == "G-1"
        _write(connector, Done, write_of(connector, done.issue, surface(connector, SurfaceKind.FIELD), remove=("G-1",)))
        assert tracker.field_value(issue.ref.id) is None

    @pytest.mark.parametrize("kind", [SurfaceKind.EXEMPT, SurfaceKind.REVIEW])
    def test_single_labels(self, tracker: Truth, connector: Connector, kind: SurfaceKind) -> None:
        """The exempt and the review label are put on and taken off by name."""
        issue = self._issue(tracker, connector, labels=["bug"])
        name = surface(connector, kind).id
        done = _write(connector, Done, write_of(connector, issue, surface(connector, kind), add=(name,)))
        assert sorted(tracker.labels(issue.ref.id)) == sorted(["bug", name])
        _write(connector, Done, write_of(connector, done.issue, surface(connector, kind), remove=(name,)))
        assert list(tracker.labels(issue.ref.id)) == ["bug"]

    def test_several_surfaces_in_one_write(self, tracker: Truth, connector: Connector) -> None:
        """All changes of one write are on the issue, or the outcome is not Done."""
        issue = self._issue(tracker, connector)
        review = surface(connector, SurfaceKind.REVIEW)
        changes = [Change(one, ("G-1",)) for one in connector.layout().surfaces if one.shows_goals]
        changes.append(Change(review, (review.id,)))
        (outcome,) = connector.write([self._of(connector, issue, changes)])
        assert isinstance(outcome, Done)
        observed = shown(connector, fetch_one(connector, address_of(connector, tracker, issue.ref.id)))
        assert all(observed[change.surface.key] == change.add for change in changes)

    def test_what_a_goal_shows_beside_its_key_is_a_surface_of_its_own(
        self, tracker: Truth, connector: Connector
    ) -> None:
        """A priority's label is put on and replaced, and is neither read as a goal nor taken for anybody's label."""
        mirror = next((one for one in connector.layout().surfaces if one.mirrors), None)
        if mirror is None:
            pytest.skip("the tracker is connected without any")
        goal = surface(connector, SurfaceKind.LABEL)
        issue = self._issue(tracker, connector, labels=[f"{goal.id}G-1", "bug"])
        done = _write(connector, Done, write_of(connector, issue, mirror, add=("P1",)))
        assert sorted(tracker.labels(issue.ref.id)) == sorted(["bug", f"{goal.id}G-1", f"{mirror.id}P1"])
        assert shown(connector, done.issue)[goal.key] == ("G-1",)
        done = _write(connector, Done, write_of(connector, done.issue, mirror, add=("P2",), remove=("P1",)))
        assert sorted(tracker.labels(issue.ref.id)) == sorted(["bug", f"{goal.id}G-1", f"{mirror.id}P2"])
        assert shown(connector, done.issue)[mirror.key] == ("P2",)

    def test_double_write_is_a_no_op(self, tracker: Truth, connector: Connector) -> None:
        """The same write again is Done, changes nothing and sends nothing that could."""
        issue = self._issue(tracker, connector)
        write = write_of(connector, issue, surface(connector, SurfaceKind.LABEL), add=("G-1",))
        (first,) = connector.write([write])
        tracker.advance(_MINUTE)
        before = tracker.write_exchanges()
        (second,) = connector.write([write])
        assert isinstance(first, Done)
        assert isinstance(second, Done)
        assert second.issue == first.issue
        assert tracker.write_exchanges() == before

    def test_stale_write_is_not_applied(self, tracker: Truth, connector: Connector) -> None:
        """Where a person changed the surface meanwhile nothing is written, and the outcome shows what is there."""
        prefix = surface(connector, SurfaceKind.LABEL).id
        issue = self._issue(tracker, connector, labels=[f"{prefix}G-1"])
        tracker.advance(_MINUTE)
        tracker.remove_label(issue.ref.id, f"{prefix}G-1")
        tracker.add_label(issue.ref.id, f"{prefix}G-9")
        before = tracker.write_exchanges()
        stale = _write(
            connector,
            Stale,
            write_of(connector, issue, surface(connector, SurfaceKind.LABEL), add=("G-2",), remove=("G-1",)),
        )
        assert list(tracker.labels(issue.ref.id)) == [f"{prefix}G-9"]
        assert stale.issue.labels == (f"{prefix}G-9",)
        assert tracker.write_exchanges() == before

    def test_foreign_edit_does_not_make_stale(self, tracker: Truth, connector: Connector) -> None:
        """What a person does elsewhere on the issue meanwhile neither stops the write nor is undone by it."""
        issue = self._issue(tracker, connector)
        tracker.advance(_MINUTE)
        tracker.edit_title(issue.ref.id, "edited meanwhile")
        tracker.add_label(issue.ref.id, "urgent")
        _write(connector, Done, write_of(connector, issue, surface(connector, SurfaceKind.LABEL), add=("G-1",)))
        assert tracker.title(issue.ref.id) == "edited meanwhile"
        assert "urgent" in tracker.labels(issue.ref.id)

    def test_foreign_labels_are_untouched(self, tracker: Truth, connector: Connector) -> None:
        """Nobody else's label is touched, look-alikes of ours included (L4)."""
        prefix, review = surface(connector, SurfaceKind.LABEL).id, surface(connector, SurfaceKind.REVIEW).id
        foreign = ["bug", prefix.rstrip(":"), f"x-{prefix}G-1", f"{review}-later", "älter", f"{prefix}UNKNOWN"]
        issue = self._issue(tracker, connector, labels=[*foreign, f"{prefix}G-1"])
        done = _write(
            connector,
            Done,
            write_of(connector, issue, surface(connector, SurfaceKind.LABEL), add=("G-2",), remove=("G-1",)),
        )
        _write(connector, Done, write_of(connector, done.issue, surface(connector, SurfaceKind.REVIEW), add=(review,)))
        expected = {*foreign, f"{prefix}G-2", review}
        assert set(tracker.labels(issue.ref.id)) == expected

    def test_many_writes_are_batched(self, tracker: Truth, connector: Connector) -> None:
        """Of 120 writes each has one outcome; reading before and after costs fewer exchanges than issues."""
        ids = [tracker.create(place, f"issue {n}") for place in tracker.places[:2] for n in range(60)]
        on, known = surface(connector, SurfaceKind.LABEL), pull(connector)
        writes = [write_of(connector, known.issues[id_], on, add=("G-1",)) for id_ in ids]
        exchanges, write_exchanges = tracker.exchanges(), tracker.write_exchanges()
        outcomes = list(connector.write(writes))
        reads = tracker.exchanges() - exchanges - (tracker.write_exchanges() - write_exchanges)
        assert sorted(one.write.address.id for one in outcomes) == sorted(ids)
        assert all(isinstance(one, Done) for one in outcomes)
        assert all(list(tracker.labels(id_)) == [f"{on.id}G-1"] for id_ in ids)
        assert reads < len(ids)

    def test_one_bad_issue_stops_no_other(self, tracker: Truth, connector: Connector) -> None:
        """A write to an issue that was deleted fails alone (L11)."""
        need(tracker, Ability.DELETE)
        ids = [tracker.create(tracker.places[0], title) for title in "abc"]
        on, known = surface(connector, SurfaceKind.LABEL), pull(connector)
        writes = [write_of(connector, known.issues[id_], on, add=("G-1",)) for id_ in ids]
        tracker.delete(ids[1])
        outcomes = {one.write.address.id: one for one in connector.write(writes)}
        assert isinstance(outcomes[ids[0]], Done)
        assert not isinstance(outcomes[ids[1]], Done)
        assert isinstance(outcomes[ids[2]], Done)

    def test_nothing_is_written_for_nothing(self, tracker: Truth, connector: Connector) -> None:
        """No write, no exchange."""
        before = tracker.exchanges()
        assert list(connector.write([])) == []
        assert tracker.exchanges() == before

    def test_deleted_definitions_are_told(self, tracker: Truth, connector: Connector) -> None:
        """A label deleted in the settings is no longer defined; its neighbours are."""
        need(tracker, Ability.LABEL_DEFINITIONS)
        on = surface(connector, SurfaceKind.LABEL)
        self._issue(tracker, connector, labels=[f"{on.id}G-1", f"{on.id}G-2"])
        assert set(connector.defined(tracker.places[0], on, ["G-1", "G-2"])) == {"G-1", "G-2"}
        tracker.delete_label(f"{on.id}G-1")
        assert set(connector.defined(tracker.places[0], on, ["G-1", "G-2"])) == {"G-2"}

    def test_what_somebody_took_off_is_told(self, tracker: Truth, connector: Connector) -> None:
        """Where histories tell, a value that a person took off since both sides agreed was not lost."""
        need(tracker, Ability.FIELD)
        field, label = (surface(connector, kind) for kind in (SurfaceKind.FIELD, SurfaceKind.LABEL))
        issue = self._issue(tracker, connector, labels=[f"{label.id}G-1"])
        tracker.set_field(issue.ref.id, "G-1")
        address = address_of(connector, tracker, issue.ref.id)
        agreed = fetch_one(connector, address).updated
        tracker.advance(_MINUTE)
        tracker.set_field(issue.ref.id, None)
        tracker.remove_label(issue.ref.id, f"{label.id}G-1")
        missing = [Missing(address, on, "G-1", agreed) for on in (field, label)]
        assert set(connector.losses(missing).values()) <= {Loss.TAKEN_OFF}

    def _issue(self, tracker: Truth, connector: Connector, labels: Sequence[str] = ()) -> Issue:
        id_ = tracker.create(tracker.places[0], "an issue", labels=labels)
        return fetch_one(connector, address_of(connector, tracker, id_))

    def _of(self, connector: Connector, issue: Issue, changes: Sequence[Change]) -> Write:
        one: Surface = changes[0].surface
        write = write_of(connector, issue, one)
        return Write(write.address, tuple(changes), write.expected)


def _write(connector: Connector, expected: type[W], write: Write) -> W:
    (outcome,) = connector.write([write])
    assert isinstance(outcome, expected), outcome
    return outcome
