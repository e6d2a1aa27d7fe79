"""The Jira connector keeps the contract, over real sockets, on Jira Cloud and on Jira Data Center."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.jira_truth import JiraTruth
from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_sync.sdk.contract import Connect, ConnectorContract
from vindaris_sync.sdk.goals import TrackerGoalSettings
from vindaris_sync.sdk.protocol import Connector


class TestJiraCloud(ConnectorContract):
    """Tokens, bulk fetch, bulk edit, changelog."""

    places_setting = "projects"

    @pytest.fixture
    def tracker(self) -> Iterator[JiraTruth]:
        """Return a fresh site."""
        with JiraTruth(cloud=True).serving() as truth:
            yield truth

    @pytest.fixture
    def connect(self, tracker: JiraTruth) -> Connect:
        """Return how to connect to it."""
        return tracker.connect

    @pytest.fixture
    def goal_source(self) -> TrackerGoalSettings:
        """Return a query for the label."""
        return JiraGoalSettings(tracker="jira-main", jql="labels = a-goal")


class TestJiraDataCenter(ConnectorContract):
    """Offsets, Epic Link, one PUT per issue; one exchange at a time and under another name."""

    places_setting = "projects"

    @pytest.fixture
    def tracker(self) -> Iterator[JiraTruth]:
        """Return a fresh site."""
        with JiraTruth(cloud=False).serving() as truth:
            yield truth

    @pytest.fixture
    def connect(self, tracker: JiraTruth) -> Connect:
        """Return how to connect to it."""

        def connect(**settings: Any) -> Connector:
            return tracker.connect("dc", in_flight=1, **settings)

        return connect

    @pytest.fixture
    def goal_source(self) -> TrackerGoalSettings:
        """Return a query for the label."""
        return JiraGoalSettings(tracker="dc", jql="labels = a-goal")
