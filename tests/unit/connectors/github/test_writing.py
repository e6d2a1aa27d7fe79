"""Writes: what is refused is told with its fix, what is ours looks like ours, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.connectors.github.sandboxed import (
    API,
    BOT,
    FIELD,
    PERSON,
    TOKEN,
    WEB,
    Place,
    document,
    issue_at,
    served,
)  # fmt: skip
from vindaris_connectors.github.client import GithubClient
from vindaris_connectors.github.connector import GithubConnector
from vindaris_connectors.github.creating import marker
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.models import (
    Address,
    Change,
    Done,
    Failed,
    Level,
    Refused,
    SurfaceKind,
    Write,
    Written,
    observe,
)  # fmt: skip
from vindaris_sync.sandbox.faults import Fault
from vindaris_sync.sandbox.github import Account
from vindaris_sync.sdk.errors import IssueRejected, Unknown
from vindaris_sync.sdk.exchange import Answer


@pytest.fixture
def place() -> Iterator[Place]:
    """Serve the usual GitHub."""
    with served() as place:
        yield place


def change(connector: GithubConnector, kind: SurfaceKind, add: str = "", remove: str = "") -> Change:
    """Return a change of the first surface of that kind."""
    surface = next(one for one in connector.layout().surfaces if one.kind is kind)
    return Change(surface, (add,) if add else (), (remove,) if remove else ())


def write(connector: GithubConnector, key: str, *changes: Change) -> Written:
    """Write the changes, expecting what is there."""
    issue = issue_at(connector, key)
    address = Address(connector.name, issue.ref.id, issue.key)
    (outcome,) = connector.write([Write(address, changes, observe(issue, connector.layout().surfaces))])
    return outcome


def test_missing_label_is_created_first(place: Place) -> None:
    """Our label is created with colour and description, once for many issues; a label that is there is left alone."""
    place.create(WEB, 3)
    place.world.create_label(WEB, "goal-review", "123456", "theirs")
    connector = place.connect()
    for number in (1, 2, 3):
        goal, review = (
            change(connector, SurfaceKind.LABEL, "G-1"),
            change(connector, SurfaceKind.REVIEW, "goal-review"),
        )
        assert isinstance(write(connector, f"{WEB}#{number}", goal, review), Done)
    labels = place.world.repository(WEB).labels
    assert labels["goal:g-1"].description
    assert labels["goal:g-1"].color != "ededed"
    assert (labels["goal-review"].color, labels["goal-review"].description) == ("123456", "theirs")
    assert [path for method, path in place.spent() if method == "POST" and path.endswith(f"{WEB}/labels")] != []


def test_archived_repository_is_refused_as_a_whole(place: Place) -> None:
    """An archived repository refuses every issue alike; the advice says what to do."""
    place.create(WEB, 1)
    place.world.archive(WEB, actor=PERSON)
    connector = place.connect()
    refused = write(connector, f"{WEB}#1", change(connector, SurfaceKind.LABEL, "G-1"))
    assert isinstance(refused, Refused)
    assert (refused.place_wide, refused.surface) == (True, "label:goal:")
    assert "unarchive" in refused.advice


def test_an_archived_repository_is_asked_once_a_batch(place: Place) -> None:
    """The first refusal speaks for all its issues (fault 60); the next batch tries again."""
    place.create(WEB, 30)
    place.world.archive(WEB, actor=PERSON)
    connector = place.connect()
    writes = [
        Write(Address(connector.name, issue.ref.id, issue.key), (change(connector, SurfaceKind.LABEL, "G-1"),), {})
        for issue in (issue_at(connector, f"{WEB}#{number}") for number in range(1, 31))
    ]
    for _ in range(2):
        place.spent()
        outcomes = list(connector.write(writes))
        assert [(type(one), one.write.address.key) for one in outcomes] == [(Refused, w.address.key) for w in writes]
        assert sum(method == "POST" and "graphql" not in path for method, path in place.spent()) == 1


def test_missing_permission_is_refused(place: Place) -> None:
    """A token that may only read is refused, with the permission it needs."""
    place.create(WEB, 1)
    permissions = {"metadata": "read", "issues": "read", "issue_fields": "read"}
    place.world.grant(TOKEN, Account(BOT, "fine-grained", permissions=permissions))
    connector = place.connect()
    refused = write(connector, f"{WEB}#1", change(connector, SurfaceKind.LABEL, "G-1"))
    assert isinstance(refused, Refused)
    assert refused.place_wide
    assert "Issues: write" in refused.advice


def test_full_issue_is_refused_alone(place: Place) -> None:
    """An issue with 100 labels takes no more: that issue is refused, not its place."""
    place.create(WEB, 1, labels=[f"label {n}" for n in range(100)])
    connector = place.connect()
    refused = write(connector, f"{WEB}#1", change(connector, SurfaceKind.LABEL, "G-1"))
    assert isinstance(refused, Refused)
    assert not refused.place_wide


def test_missing_option_is_refused(place: Place) -> None:
    """A goal that the field has no option for is refused with the option to add; the label still works."""
    place.create(WEB, 1)
    connector = place.connect()
    refused = write(connector, f"{WEB}#1", change(connector, SurfaceKind.FIELD, "G-77"))
    assert isinstance(refused, Refused)
    assert "G-77" in refused.advice
    assert isinstance(write(connector, f"{WEB}#1", change(connector, SurfaceKind.LABEL, "G-77")), Done)


def test_label_is_removed_as_spelled(place: Place) -> None:
    """A label in another case, with characters that addresses reserve, is taken off; its look-alike stays."""
    place.create(WEB, 1, labels=["Goal:a/b?#%", "goal:a", "bug"])
    connector = place.connect()
    done = write(connector, f"{WEB}#1", change(connector, SurfaceKind.LABEL, "G-1", "a/b?#%"))
    assert isinstance(done, Done)
    assert done.issue.labels == ("bug", "goal:G-1", "goal:a")


def test_a_label_that_somebody_takes_off_between_two_requests_is_not_brought_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The goal has a new key; while its label is put on, a person takes off the old one: theirs is the last word."""
    place.create(WEB, 1, labels=["goal:G-1", "bug"])
    connector = place.connect()
    post = GithubClient.post

    def overtaken(client: GithubClient, path: str, body: Any) -> Answer:
        answer = post(client, path, body)
        if path.endswith("/1/labels"):
            monkeypatch.undo()
            client.delete(f"/repos/{WEB}/issues/1/labels/goal:G-1")
        return answer

    monkeypatch.setattr(GithubClient, "post", overtaken)
    outcome = write(connector, f"{WEB}#1", change(connector, SurfaceKind.LABEL, "G-1.2", "G-1"))
    assert isinstance(outcome, Failed)
    assert outcome.undone
    assert issue_at(connector, f"{WEB}#1").labels == ("bug",)


def test_write_to_a_moved_issue_fails_alone(place: Place) -> None:
    """A transferred issue has become another one: nothing is written to it under the old identity."""
    place.create(WEB, 2)
    connector = place.connect()
    surfaces = connector.layout().surfaces
    goal = change(connector, SurfaceKind.LABEL, "G-1")
    issues = [issue_at(connector, f"{WEB}#{n}") for n in (1, 2)]
    place.world.transfer(WEB, 1, API, actor=PERSON)
    writes = [Write(Address(connector.name, i.ref.id, i.key), (goal,), observe(i, surfaces)) for i in issues]
    outcomes = {outcome.write.address.key: outcome for outcome in connector.write(writes)}
    assert isinstance(outcomes[f"{WEB}#1"], Failed)
    assert isinstance(outcomes[f"{WEB}#2"], Done)
    assert document(place.world, API, 1)["labels"] == []


def test_writes_are_a_second_apart(place: Place) -> None:
    """GitHub allows 80 writes a minute: ten of them take at least nine seconds of the tracker's time."""
    place.create(WEB, 10)
    place.world.create_label(WEB, "goal-review")
    connector = place.connect()
    review, surfaces = change(connector, SurfaceKind.REVIEW, "goal-review"), connector.layout().surfaces
    issues = [issue_at(connector, f"{WEB}#{n}") for n in range(1, 11)]
    writes = [Write(Address(connector.name, i.ref.id, i.key), (review,), observe(i, surfaces)) for i in issues]
    before = place.clock()
    assert all(isinstance(outcome, Done) for outcome in connector.write(writes))
    assert (place.clock() - before).total_seconds() >= 9


def test_defined(place: Place) -> None:
    """Options and labels that exist are told, without regard to case; a place out of sight has none."""
    place.world.create_label(WEB, "Goal:g-1")
    connector = place.connect()
    label, field = (change(connector, kind, "x").surface for kind in (SurfaceKind.LABEL, SurfaceKind.FIELD))
    assert set(connector.defined(WEB, label, ["G-1", "G-2"])) == {"G-1"}
    assert set(connector.defined(WEB, field, ["G-1", "G-77"])) == {"G-1"}
    assert not connector.defined("acme/none", label, ["G-1"])


DRAFT = Draft("draft-->1", WEB, "Task", "Born", "why", ("goal:G-1",))


def test_draft_is_found_by_its_marker(place: Place) -> None:
    """A draft exists once, for a new connector too; the marker cannot be broken out of, others' copies do not count."""
    body = f"a copy\n{marker(DRAFT.id)}"
    place.world.create_issue(WEB, "copied by a person", actor=PERSON, body=body)
    first = place.connect().create(DRAFT)
    assert place.connect().create(DRAFT) == first
    assert (first.title, first.type, first.author, first.labels) == ("Born", "Task", BOT, ("goal:G-1",))
    assert document(place.world, WEB, 2)["body"].count("-->") == 1
    assert len(place.world.repository(WEB).issues) == 2


def test_draft_whose_answer_is_lost_is_not_created_twice(place: Place) -> None:
    """A creation that was applied and not answered is found by listing; one that was not stays unknown."""
    place.server.faults.add(Fault("reset", method="POST", path="/issues$", applied=True, times=1))
    assert place.connect().create(DRAFT).title == "Born"
    place.server.faults.add(Fault("status", status=502, method="POST", path="/issues$", times=1))
    with pytest.raises(Unknown):
        place.connect().create(Draft("other", WEB, "", "Other", ""))
    assert len(place.world.repository(WEB).issues) == 1


def test_draft_that_is_refused(place: Place) -> None:
    """A draft that GitHub refuses is set aside with its words."""
    with pytest.raises(IssueRejected, match="archived"):
        _archived(place).create(DRAFT)


def _archived(place: Place) -> GithubConnector:
    place.world.archive(WEB, actor=PERSON)
    return place.connect()


def test_check_tells_fields_that_are_missing(place: Place) -> None:
    """A field that is not there, or of a type that cannot hold a goal, is an error with its fix."""
    place.world.create_field("acme", "Points", "number")
    connector = place.connect(write_back={"surfaces": ("field:Points", "field:Nope", f"field:{FIELD}")})
    errors = {finding.subject: finding for finding in connector.check() if finding.level is Level.ERROR}
    assert set(errors) == {"field:Points", "field:Nope"}
    assert all(finding.fix for finding in errors.values())
