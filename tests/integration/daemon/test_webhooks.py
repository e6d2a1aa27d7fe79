"""The daemon as a process, told by the trackers themselves, over sockets: seconds from a new issue to its alert."""

from __future__ import annotations

from pathlib import Path
from time import sleep

import pytest

from tests.integration.daemon.told import Told, resident, storm, until

SOON = 60.0
"""Seconds: two or three on an idle machine; on any other the next pull would still be most of an hour away."""


def test_from_a_new_issue_to_its_alert_it_takes_seconds(tmp_path: Path) -> None:
    """A new issue in GitHub and one in Jira are in Slack long before the next pull, and labelled, too."""
    with Told(tmp_path) as company, company.daemon() as process:
        until(company.loaded)
        sleep(1.5)
        key = company.github.create("What is this for?")
        until(lambda: "What is this for?" in company.shown(), SOON)
        until(lambda: "goal-review" in company.github.labels(key), SOON)
        other = company.jira.create("And this?")
        until(lambda: "And this?" in company.shown(), SOON)
        company.jira.add_label(other, "goal:GROW-1")
        until(lambda: company.jira.field(other) == "GROW-1", SOON)
        assert process.poll() is None
        assert {status for _, status in company.server.deliveries} <= {200, 202}


@pytest.mark.long
def test_a_storm_of_events_is_absorbed(tmp_path: Path) -> None:
    """Ten thousand events: memory bounded, GitHub asked little, and what is new afterwards is seen all the same."""
    with Told(tmp_path) as company:
        company.many(2500)
        with company.daemon() as process:
            until(company.loaded)
            storm(company.port, 200, 200)
            before, asked = resident(process.pid), company.server.requests.count("github")
            storm(company.port, 10_000, 2500)
            assert resident(process.pid) - before < 40_000_000
            assert company.server.requests.count("github") - asked < 500
            key = company.github.create("After the storm")
            until(lambda: "goal-review" in company.github.labels(key))
