from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.faults import Call
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import MemoryTracker, trackers
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import (
    Address,
    Change,
    Done,
    Issue,
    Level,
    Raw,
    Refused,
    Stale,
    Surface,
    SurfaceKind,
    Write,
    Written,
    observe,
)
from vindaris_sync.sdk.errors import ConfigError, IssueRejected
from vindaris_sync.sdk.protocol import Connector, Surroundings
from vindaris_sync.sdk.registry import load_kind
from vindaris_sync.sdk.settings import WriteBackSettings

BOTH = MemorySettings(write_back=WriteBackSettings(surfaces=("field:Goal", "label")))


@pytest.fixture
def tracker() -> MemoryTracker:
    """Return a fresh tracker."""
    return MemoryTracker()


@pytest.fixture
def connector(tracker: MemoryTracker) -> MemoryConnector:
    """Return a connector with both goal surfaces."""
    return MemoryConnector.on(tracker, settings=BOTH)


class Crash(BaseException):
    """The process dies here."""


def put(connector: MemoryConnector, issue: Issue, kind: SurfaceKind, value: str) -> Written:
    """Add one value to the surface of ``kind``."""
    surfaces = connector.layout().surfaces
    on = next(one for one in surfaces if one.kind is kind)
    address = Address(connector.name, issue.ref.id, issue.key)
    (outcome,) = connector.write([Write(address, (Change(on, (value,)),), observe(issue, surfaces))])
    return outcome


def test_kind_is_installed_and_finds_its_tracker_by_name(tracker: MemoryTracker) -> None:
    """A configured block reaches the tracker registered under its name; an unknown name says so."""
    kind = load_kind("memory")
    trackers["company"] = tracker
    try:
        tracker.create("APP", "a")
        built = kind.build("configured", MemorySettings(tracker="company"), Surroundings(now=tracker.now))
        assert isinstance(built, Connector)
        (page,) = (page for page in built.pull({}) if page.issues)
        assert [issue.ref.tracker for issue in page.issues] == ["configured"]
        with pytest.raises(ConfigError, match=r"\[trackers.other\]"):
            kind.build("other", MemorySettings(), Surroundings())
    finally:
        del trackers["company"]


def test_unknown_surface_is_a_config_error(tracker: MemoryTracker) -> None:
    """A surface that the tracker does not have is named."""
    settings = MemorySettings(write_back=WriteBackSettings(surfaces=("field:Aim",)))
    with pytest.raises(ConfigError, match="field:Aim"):
        MemoryConnector.on(tracker, settings=settings).layout()


def test_precision() -> None:
    """Stamps are rounded down to the precision."""
    moment = datetime(2026, 1, 5, 9, 0, 1, 234567, tzinfo=UTC)
    for precision, microsecond in (
        (timedelta(seconds=1), 0),
        (timedelta(milliseconds=1), 234000),
        (timedelta(), 234567),
    ):
        tracker = MemoryTracker(clock=lambda: moment, precision=precision)
        assert tracker.issue(tracker.create("APP", "a")).updated == moment.replace(microsecond=microsecond)


def test_refused_place(tracker: MemoryTracker, connector: MemoryConnector) -> None:
    """An archived place refuses every write, place-wide and with advice, until it takes them again; reads go on."""
    issue = tracker.issue(tracker.create("APP", "a"))
    tracker.refuse_writes("APP")
    outcome = put(connector, issue, SurfaceKind.LABEL, "A")
    assert isinstance(outcome, Refused)
    assert outcome.place_wide
    assert outcome.advice
    assert any(one.level is Level.WARNING and one.subject == "APP" for one in connector.check())
    with pytest.raises(IssueRejected):
        connector.create(Draft("d", "APP", "Task", "t", ""))
    tracker.accept_writes("APP")
    assert isinstance(put(connector, issue, SurfaceKind.LABEL, "A"), Done)


def test_label_limits(tracker: MemoryTracker, connector: MemoryConnector) -> None:
    """A full issue and a label that is too long are refused for this issue alone."""
    issue = tracker.issue(tracker.create("APP", "a", labels=["one", "two"]))
    tracker.label_limit = 2
    full = put(connector, issue, SurfaceKind.LABEL, "A")
    tracker.label_limit = 100
    long = put(connector, issue, SurfaceKind.LABEL, "A" * 50)
    for outcome in (full, long):
        assert isinstance(outcome, Refused)
        assert not outcome.place_wide


def test_field_that_is_removed_breaks_its_surface(tracker: MemoryTracker, connector: MemoryConnector) -> None:
    """Without the field its surface is broken and shows nothing; made again it is another field, without values."""
    id_ = tracker.create("APP", "a")
    tracker.set_field(id_, "A")
    before, stamp = connector.layout().surfaces[0], tracker.issue(id_).updated
    tracker.advance(timedelta(hours=1))
    tracker.remove_field()
    assert connector.layout().broken == {before.key}
    assert before.key not in tracker.issue(id_).fields
    assert tracker.issue(id_).updated == stamp
    assert isinstance(put(connector, tracker.issue(id_), SurfaceKind.FIELD, "A"), Refused)
    assert not connector.defined("APP", before, ["A"])
    tracker.add_field()
    assert connector.layout().broken == frozenset()
    assert connector.layout().surfaces[0].id != before.id
    assert tracker.field_id in str(tracker.issue(id_).fields)


def test_field_off_the_screen(tracker: MemoryTracker, connector: MemoryConnector) -> None:
    """Where the field is not on the screen it is absent and refused place-wide; elsewhere it works."""
    here, there = tracker.create("APP", "a"), tracker.create("OPS", "b")
    tracker.take_field_off("APP")
    outcome = put(connector, tracker.issue(here), SurfaceKind.FIELD, "A")
    assert isinstance(outcome, Refused)
    assert outcome.place_wide
    assert isinstance(put(connector, tracker.issue(there), SurfaceKind.FIELD, "A"), Done)
    tracker.put_field_on("APP")
    assert isinstance(put(connector, tracker.issue(here), SurfaceKind.FIELD, "A"), Done)


def test_unknown_option(tracker: MemoryTracker, connector: MemoryConnector) -> None:
    """A value that is no option is refused for this value alone, and is not defined."""
    tracker.field_options = frozenset({"A"})
    issue = tracker.issue(tracker.create("APP", "a"))
    outcome = put(connector, issue, SurfaceKind.FIELD, "B")
    assert isinstance(outcome, Refused)
    assert not outcome.place_wide
    assert set(connector.defined("APP", connector.layout().surfaces[0], ["A", "B"])) == {"A"}


def test_deleted_label_is_lost_until_made_again(tracker: MemoryTracker, connector: MemoryConnector) -> None:
    """Deleting a label unlabels every issue; making it again defines it and restores nothing."""
    ids = [tracker.create("APP", title, labels=["Goal:A", "bug"]) for title in "ab"]
    labels = Surface(SurfaceKind.LABEL, "goal:")
    tracker.delete_label("goal:a")
    assert [tracker.issue(id_).labels for id_ in ids] == [("bug",), ("bug",)]
    assert not connector.defined("APP", labels, ["A"])
    tracker.add_label(ids[0], "goal:A")
    assert set(connector.defined("APP", labels, ["A"])) == {"A"}
    assert tracker.issue(ids[1]).labels == ("bug",)


def test_mass_relabel(tracker: MemoryTracker) -> None:
    """Renaming a label changes every issue that carries it, and never makes one carry it twice."""
    one = tracker.create("APP", "a", labels=["x", "goal:A"])
    two = tracker.create("OPS", "b", labels=["goal:A", "goal:B"])
    tracker.relabel("goal:A", "goal:B")
    assert tracker.issue(one).labels == ("x", "goal:B")
    assert tracker.issue(two).labels == ("goal:B",)


def test_transfer_that_loses_labels(tracker: MemoryTracker) -> None:
    """A transferred issue keeps its state and birth, gets a new id, and can lose its labels on the way."""
    old = tracker.create("APP", "a", labels=["goal:A"])
    tracker.close(old)
    born = tracker.issue(old).created
    tracker.advance(timedelta(days=1))
    new = tracker.issue(tracker.transfer(old, "OPS", keep_labels=False))
    assert (new.created, new.closed, new.labels, new.place) == (born, True, (), "OPS")
    with pytest.raises(KeyError):
        tracker.issue(old)


def test_person_races_a_write(tracker: MemoryTracker, connector: MemoryConnector) -> None:
    """A hook at the read before a write lets a person come first: the write is stale."""
    issue = tracker.issue(tracker.create("APP", "a"))

    def race(call: Call) -> None:
        if call.name == "read" and not call.answered:
            tracker.add_label(issue.ref.id, "goal:X")

    tracker.faults.on_call.append(race)
    assert isinstance(put(connector, issue, SurfaceKind.LABEL, "A"), Stale)
    assert tracker.issue(issue.ref.id).labels == ("goal:X",)


@pytest.mark.parametrize("point", range(6), ids=lambda point: f"{point // 2}-{['before', 'after'][point % 2]}")
def test_crash_at_every_point_of_a_write(tracker: MemoryTracker, connector: MemoryConnector, point: int) -> None:
    """A crash before or after any of a write's three calls leaves the label on or off; the next write finishes."""
    issue = tracker.issue(tracker.create("APP", "a"))
    left = iter(range(point))

    def crash(_: Call) -> None:
        if next(left, None) is None:
            raise Crash

    tracker.faults.on_call.append(crash)
    with pytest.raises(Crash):
        put(connector, issue, SurfaceKind.LABEL, "A")
    assert tracker.issue(issue.ref.id).labels == (("goal:A",) if point >= 3 else ())
    tracker.faults.clear()
    assert isinstance(put(connector, issue, SurfaceKind.LABEL, "A"), Done)
    assert tracker.issue(issue.ref.id).labels == ("goal:A",)


def test_same_acts_same_history() -> None:
    """Two trackers on which the same is done are the same, to the last id and stamp."""

    def history() -> list[tuple[str, str, datetime, Raw]]:
        tracker = MemoryTracker()
        for number in range(20):
            id_ = tracker.create("APP" if number % 3 else "OPS", f"{number}", labels=["a"])
            tracker.advance(timedelta(seconds=number))
            if number % 4 == 0:
                tracker.move(id_, "OPS")
        return [(one.issue.ref.id, one.issue.key, one.issue.updated, one.issue.labels) for one in tracker.records()]

    assert history() == history()
