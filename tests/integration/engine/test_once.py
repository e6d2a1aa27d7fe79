"""What may not be sent twice is not: a request that was applied and whose answer was lost is read back, never repeated.

Every kind of request that changes something at a tracker or in the chat is met by the fault once, and by one that
refuses for a limit: then it is sent once more, since it surely was not applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import Issue
from vindaris_sync.notify.slack import SlackChannel
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sdk.errors import Transient, Unknown

LOST = Fault("status", status=502, applied=True, times=1)
CUT = Fault("reset", applied=True, times=1)
LIMITED = Fault("status", status=429, headers={"Retry-After": "20"}, times=1)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that the engine makes by one kind of request: how to bring it about, and what is then to be seen."""

    setup: Setup
    service: str
    method: str
    path: str
    begin: Callable[[Site], list[str]]
    """Bring everything up to the request about; returns the issues."""
    decide: Callable[[Site, list[str]], None]
    shows: Callable[[Site, list[str]], bool]

    @property
    def name(self) -> str:
        """What is sent."""
        return f"{self.service} {self.method} {self.path}"


def _issues(count: int, *labels: str) -> Callable[[Site], list[str]]:
    def begin(site: Site) -> list[str]:
        desk = site.jira if "jira" in site.setup.names else site.github
        keys = [desk.create(f"Step {number}", *labels) for number in range(count)]
        ok(site.turn(rounds=2))
        return keys

    return begin


def _link(goal: str) -> Callable[[Site, list[str]], None]:
    def decide(site: Site, keys: list[str]) -> None:
        for key in keys:
            site.link(key, goal)

    return decide


def _labelled(goal: str) -> Callable[[Site, list[str]], bool]:
    def shows(site: Site, keys: list[str]) -> bool:
        desk = site.jira if "jira" in site.setup.names else site.github
        return all({each for each in desk.labels(key) if ":" in each} == {f"goal:{goal}"} for key in keys)

    return shows


def _fields(goal: str) -> Callable[[Site, list[str]], bool]:
    return lambda site, keys: all(site.github.field(key) == goal for key in keys)


def _defined(site: Site) -> list[str]:
    site.github.world.create_label("acme/web", "goal:GROW-1")
    return _issues(1)(site)


JIRA, DATA_CENTER = Setup(names=("jira",)), Setup(names=("jira",), cloud=False)
GITHUB, FIELD = Setup(names=("github",)), Setup(names=("github",), github_field=True)
CHANGES = [
    Change(JIRA, "jira", "PUT", r"/issue/\d+$", _issues(1), _link("GROW-1"), _labelled("GROW-1")),
    Change(DATA_CENTER, "jira", "PUT", r"/issue/\d+$", _issues(1), _link("GROW-1"), _labelled("GROW-1")),
    Change(JIRA, "jira", "POST", r"/bulk/issues/fields$", _issues(5), _link("GROW-1"), _labelled("GROW-1")),
    Change(GITHUB, "github", "POST", r"/issues/\d+/labels$", _defined, _link("GROW-1"), _labelled("GROW-1")),
    Change(GITHUB, "github", "POST", r"acme/web/labels$", _issues(1), _link("GROW-1"), _labelled("GROW-1")),
    Change(GITHUB, "github", "DELETE", r"/labels/", _issues(1, "goal:GROW-1"), _link("GROW-2"), _labelled("GROW-2")),
    Change(FIELD, "github", "POST", r"/issue-field-values$", _issues(1), _link("GROW-1"), _fields("GROW-1")),
]
IDS = [f"{change.name} {'cloud' if change.setup.cloud else 'data-center'}" for change in CHANGES]


def _sent(asked: list[str], change: Change) -> int:
    method, path = f"{change.service} {change.method} ", change.path
    return sum(line.startswith(method) and re.search(path, line) is not None for line in asked)


@pytest.mark.parametrize("fault", [LOST, CUT], ids=["lost", "cut"])
@pytest.mark.parametrize("change", CHANGES, ids=IDS)
def test_a_change_whose_answer_was_lost_is_read_back_and_never_repeated(
    tmp_path: Path, change: Change, fault: Fault
) -> None:
    """Sent once, though nobody answered; a few passes later it is recorded, and nothing more is asked of anybody."""
    site = Site(tmp_path, change.setup)
    try:
        keys = change.begin(site)
        change.decide(site, keys)
        site.server.faults.add(replace(fault, service=change.service, method=change.method, path=change.path))
        with site.requests() as counted:
            for _ in range(4):
                site.turn()
        assert _sent(counted.asked, change) == 1
        assert change.shows(site, keys)
        with site.requests() as counted:
            ok(site.turn(rounds=2))
        assert counted.writes == 0
        site.sound()
    finally:
        site.close()


@pytest.mark.parametrize("change", CHANGES, ids=IDS)
def test_a_change_that_was_refused_for_a_limit_is_sent_once_more(tmp_path: Path, change: Change) -> None:
    """It surely was not applied; refused again, it is left to a later pass."""
    site = Site(tmp_path, change.setup)
    try:
        keys = change.begin(site)
        change.decide(site, keys)
        fault = replace(LIMITED, service=change.service, method=change.method, path=change.path, times=2)
        site.server.faults.add(fault)
        with site.requests() as counted:
            site.turn()
        assert _sent(counted.asked, change) == 2
        for _ in range(3):
            site.turn()
        assert change.shows(site, keys)
    finally:
        site.close()


def _create(site: Site, name: str, draft: Draft) -> Issue:
    return site.context.trackers[name].connector.create(draft)


@pytest.mark.parametrize(
    ("service", "place", "method", "path"),
    [
        ("jira", "APP", "POST", r"/issue$"),
        ("jira", "APP", "PUT", r"/properties/"),
        ("github", "acme/web", "POST", r"/issues$"),
    ],
)
@pytest.mark.parametrize("fault", [LOST, CUT], ids=["lost", "cut"])
def test_work_from_a_goal_is_made_once(  # noqa: PLR0913, PLR0917 - one request, in parts
    site: Site, service: str, place: str, method: str, path: str, fault: Fault
) -> None:
    """Asked for twice, since the first answer was lost: one issue, found by its mark."""
    site.server.faults.add(replace(fault, service=service, method=method, path=path))
    draft = Draft("draft-1", place, "Task", "Born from a goal", "why")
    with site.requests() as counted:
        try:
            _create(site, service, draft)
        except Unknown:
            site.clock.pass_(minutes=10)
        made = _create(site, service, draft)
    create = {"jira": r"jira POST .*/issue$", "github": r"github POST /repos/acme/web/issues$"}[service]
    assert len([asked for asked in counted.asked if re.search(create, asked)]) == 1
    ok(site.turn())
    assert made.title == "Born from a goal"
    assert site.serves(made.key) == "unlinked"


@pytest.mark.parametrize("fault", [LOST, CUT], ids=["lost", "cut"])
def test_a_message_whose_answer_was_lost_is_looked_for(site: Site, fault: Fault) -> None:
    """One message in the channel: it is found by its key before another would be posted (fault 4, L8)."""
    site.jira.create("Pay by phone", place="APP")
    ok(site.round())
    site.clock.pass_(minutes=16)
    ok(site.round())
    site.server.faults.add(replace(fault, service="slack", path="postMessage"))
    with site.requests() as counted:
        for _ in range(5):
            site.tell()
            site.clock.pass_(minutes=2)
    posts = [asked for asked in counted.asked if asked.endswith("chat.postMessage")]
    assert len(posts) == 1
    assert any(asked.endswith("conversations.history") for asked in counted.asked)
    assert len(site.messages("growth")) == 1


def test_where_nobody_can_look_for_a_message_it_is_repeated_seldom(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that delivers and never says so: a dozen marked copies on the first day, not one every half an hour."""
    monkeypatch.setattr(SlackChannel, "find", lambda *_: None)
    site.jira.create("Pay by phone", place="APP")
    ok(site.round())
    site.clock.pass_(minutes=16)
    ok(site.round())
    site.server.faults.add(replace(LOST, service="slack", path="postMessage", times=None))
    for _ in range(24 * 12):
        site.tell()
        site.clock.pass_(minutes=5)
    copies = site.messages("growth")
    assert 5 <= len(copies) <= 12
    assert sum("may repeat" in str(message) for message in copies) == len(copies) - 1


def test_a_lost_creation_is_never_repeated_blindly(site: Site) -> None:
    """While neither the answer nor the issue is to be seen, nothing more is created in the same call."""
    fault = replace(LOST, service="github", method="POST", path=r"/issues$", applied=False, times=None)
    site.server.faults.add(fault)
    draft = Draft("draft-1", "acme/web", "Task", "Born from a goal", "why")
    with site.requests() as counted, pytest.raises(Transient):
        _create(site, "github", draft)
    assert counted.writes == 1
