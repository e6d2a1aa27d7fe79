"""The memory connector keeps the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import pytest

from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import Clock, MemoryTracker
from vindaris_sync.sdk.contract import Ability, Connect, ConnectorContract, Fault
from vindaris_sync.sdk.errors import TrackerUnusable, Transient, Unknown
from vindaris_sync.sdk.protocol import Connector
from vindaris_sync.sdk.settings import WriteBackSettings

_SECRET = "memory-needs-no-token"


class MemoryTruth:
    """People's acts on a ``MemoryTracker`` in the words of the contract."""

    faults = frozenset(Fault)
    secret = _SECRET

    def __init__(self, world: MemoryTracker, *, transfers: bool = False) -> None:
        self.world = world
        self.places: Sequence[str] = tuple(world.places)
        self.abilities = (~(Ability.MOVE if transfers else Ability.TRANSFER)) & ~Ability.SECRET
        self._transfers = transfers
        self.advance = world.advance
        self.edit_title = world.edit_title
        self.add_label = world.add_label
        self.remove_label = world.remove_label
        self.set_field = world.set_field
        self.set_parent = world.set_parent
        self.close = world.close
        self.reopen = world.reopen
        self.delete = world.delete
        self.hide = world.hide
        self.show = world.show
        self.heal = world.faults.clear
        self.delete_label = world.delete_label

    def create(
        self, place: str, title: str, *, labels: Iterable[str] = (), parent: str = "", pull_request: bool = False
    ) -> str:
        """Create an issue."""
        return self.world.create(place, title, labels=labels, parent=parent, pull_request=pull_request)

    def move(self, id_: str, place: str) -> str:
        """Move or transfer the issue."""
        if self._transfers:
            return self.world.transfer(id_, place)
        self.world.move(id_, place)
        return id_

    def lag(self, span: timedelta) -> None:
        """Let lists show the past."""
        self.world.index_lag = span

    def fail_next(self, fault: Fault, *, times: int = 1, writes_only: bool = False) -> None:
        """Let calls raise what a client would."""
        answered = fault is Fault.LOST_ANSWER
        self.world.faults.fail_next(_error(fault, writes_only), times=times, writes_only=writes_only, answered=answered)

    def exchanges(self) -> int:
        """Count all calls."""
        return self.world.faults.calls

    def write_exchanges(self) -> int:
        """Count the calls that change."""
        return self.world.faults.write_calls

    def visible(self) -> set[str]:
        """Name what our account sees."""
        return {
            record.issue.ref.id
            for record in self.world.records()
            if not record.hidden and not record.issue.pull_request
        }

    def title(self, id_: str) -> str:
        """Return the title."""
        return self.world.issue(id_).title

    def key(self, id_: str) -> str:
        """Return the key."""
        return self.world.issue(id_).key

    def labels(self, id_: str) -> Sequence[str]:
        """Return the labels."""
        return self.world.issue(id_).labels

    def field_value(self, id_: str) -> str | None:
        """Return the field's value."""
        values = self.world.issue(id_).fields[f"field:{self.world.field_id}"]
        return values[0] if values else None


def _error(fault: Fault, writes: bool) -> Callable[[], Exception]:  # noqa: FBT001 - private
    """Return what the client raises: the memory connector has no policy, its faults come sorted."""
    if fault in (Fault.UNAUTHORIZED, Fault.PAGE):
        return lambda: TrackerUnusable("refused", reason="credentials", advice="check the token")
    if fault is Fault.LIMIT_WITH_RETRY_AFTER:
        return lambda: Transient("limited", retry_after=timedelta(minutes=1))
    if writes and fault in (Fault.SERVER_ERROR, Fault.LOST_ANSWER):
        return lambda: Unknown(fault.value)
    return lambda: Transient(fault.value)


class TestMemory(ConnectorContract):
    """Ids stay when an issue moves, stamps are whole seconds."""

    @pytest.fixture
    def tracker(self) -> MemoryTruth:
        """Return a fresh tracker."""
        return MemoryTruth(MemoryTracker(clock=Clock()))

    @pytest.fixture
    def connect(self, tracker: MemoryTruth) -> Connect:
        """Return how to connect to it."""

        def connect(**settings: object) -> Connector:
            write_back = WriteBackSettings(surfaces=("field:Goal", "label"))
            return MemoryConnector.on(
                tracker.world, settings=MemorySettings.model_validate({"write_back": write_back, **settings})
            )

        return connect


class TestMemoryThatTransfers(TestMemory):
    """Ids change when an issue is transferred, stamps are exact, and the connector has another name."""

    @pytest.fixture
    def tracker(self) -> MemoryTruth:
        """Return a fresh tracker."""
        world = MemoryTracker(places=("acme/web", "acme/api"), precision=timedelta())
        return MemoryTruth(world, transfers=True)

    @pytest.fixture
    def connect(self, tracker: MemoryTruth) -> Connect:
        """Return how to connect to it."""

        def connect(**settings: object) -> Connector:
            write_back = WriteBackSettings(surfaces=("label", "field:Goal"), label_prefix="Goal:")
            given = {"write_back": write_back, "page_size": 17, **settings}
            return MemoryConnector.on(tracker.world, "configured", MemorySettings.model_validate(given))

        return connect
