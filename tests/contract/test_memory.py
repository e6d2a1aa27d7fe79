"""The memory connector keeps the contract."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.contract.memory_truth import MemoryTruth
from vindaris_connectors.memory.connector import MemoryConnector
from vindaris_connectors.memory.goals import MemoryGoalSettings
from vindaris_connectors.memory.settings import MemorySettings
from vindaris_connectors.memory.tracker import Clock, MemoryTracker
from vindaris_sync.sdk.contract import Connect, ConnectorContract
from vindaris_sync.sdk.goals import TrackerGoalSettings
from vindaris_sync.sdk.protocol import Connector
from vindaris_sync.sdk.settings import WriteBackSettings


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
            write_back = WriteBackSettings(surfaces=("field:Goal", "label"), show_priority="label:prio:")
            return MemoryConnector.on(
                tracker.world, settings=MemorySettings.model_validate({"write_back": write_back, **settings})
            )

        return connect

    @pytest.fixture
    def goal_source(self) -> TrackerGoalSettings:
        """Return the label."""
        return MemoryGoalSettings(tracker="memory", label="a-goal")


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
