"""Sources whose goals a tracker states: which settings they have is their connector's business."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from vindaris_connectors.jira.goal_settings import JiraGoalSettings
from vindaris_sync.config.load import ConfigRefused, load
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.goals import Status

TRACKERS = """
[trackers.main]
kind = "jira"
url = "https://acme.atlassian.net"
email = "bot@acme.example"
token = { env = "TOKEN" }
projects = ["APP"]
[trackers.hub]
kind = "github"
token = { env = "TOKEN" }
repositories = ["acme/web"]
[notify.log]
kind = "log"
[[teams]]
name = "All"
notify = "log"
scopes = ["main:*", "hub:*"]
"""


def read(path: Path, block: str) -> Config:
    """Return the configuration with one source."""
    file = path / "vindaris.toml"
    file.write_text(f"{TRACKERS}[goal_sources.epics]\n{block}")
    return load(file, {"TOKEN": "secret-of-the-tests"})


def refused(path: Path, block: str) -> list[str]:
    """Return what is wrong with the source, without file and line."""
    with pytest.raises(ConfigRefused) as found:
        read(path, block)
    return [problem.partition(": ")[2] for problem in found.value.problems]


def test_a_connectors_settings_are_found_by_the_tracker_that_is_named(tmp_path: Path) -> None:
    """With their own types and defaults."""
    config = read(tmp_path, 'kind = "jira"\ntracker = "main"\ntypes = ["Epic"]\nstatus = { Parked = "abandoned" }\n')
    epics = config.goal_sources["epics"]
    assert isinstance(epics, JiraGoalSettings)
    assert (epics.types, epics.every, epics.status) == (("Epic",), timedelta(minutes=5), {"Parked": Status.ABANDONED})
    assert config.goals.file is None


NAMELESS = 'tracker: name the tracker that states these goals, tracker = "NAME"; there are: main, hub'
EPICS = 'kind = "jira"\ntracker = "main"\ntypes = ["Epic"]\n'
ATLAS = 'kind = "atlassian-goals"\ntracker = "main"\nwrite_links = true\n'


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ('kind = "jira"\ntypes = ["Epic"]\n', NAMELESS),
        ('kind = "jira"\ntracker = "mian"\n', NAMELESS),
        ('kind = "jira"\ntracker = "hub"\n', "kind: of goal sources [trackers.hub] offers the kinds github"),
        ('kind = "jira"\ntracker = "main"\n', 'name either types = ["Epic"] or jql = "…", one of the two'),
        (EPICS + 'ever = "1m"\n', "ever: there is no such key; did you mean 'every'?"),
        (EPICS + 'every = "1s"\n', "every: "),
        (ATLAS + "work_items = false\n", "write_links needs work_items = true"),
        (
            ATLAS + "[trackers.main.write_back]\nenabled = false\n",
            "over [trackers.main], which has write_back.enabled = false",
        ),
        (EPICS + '[[goal_sources.epics.outcomes]]\nunit = "%"\n', "metric: "),
    ],
)
def test_a_source_that_does_not_fit_is_refused_with_its_place(tmp_path: Path, block: str, expected: str) -> None:
    """Which key, why, and what there is instead."""
    [problem] = refused(tmp_path, block)
    assert expected in problem
    assert problem.startswith(("[goal_sources.epics]", "[[goal_sources.epics.outcomes]]"))


def test_a_kind_that_nothing_offers_is_refused_with_those_there_are(tmp_path: Path) -> None:
    """Our own and those of installed connectors."""
    [problem] = refused(tmp_path, 'kind = "trello"\n')
    assert problem.startswith("[goal_sources.epics] kind: write one of file, http, ")
    assert {"jira", "github", "memory"} <= set(problem.rpartition("write one of ")[2].split(", "))
