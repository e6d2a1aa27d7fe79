"""Every request that the GitHub connector makes is one that GitHub's published specification knows."""

from __future__ import annotations

from datetime import timedelta

from tests.conformance.specs import GITHUB_ALLOWED, Conformance, github_path, github_spec
from tests.unit.connectors.github.sandboxed import (
    API,
    FIELD,
    PERSON,
    WEB,
    Clock,
    Place,
    build_world,
    census,
    issue_at,
    pulled,
    served,
)  # fmt: skip
from vindaris_connectors.github.connector import GithubConnector
from vindaris_sync.domain.drafts import Draft
from vindaris_sync.domain.goals import Status
from vindaris_sync.domain.homes import Page as Title
from vindaris_sync.domain.homes import Rewrite
from vindaris_sync.domain.menus import Fate, Offer, decide
from vindaris_sync.domain.models import Address, Change, Done, SurfaceKind, Write, observe
from vindaris_sync.sandbox.github import GitHub


def test_everything_the_connector_asks() -> None:
    """Preflight, full and incremental pulls, single reads, census, every kind of write, and creation conform."""
    clock = Clock()
    world = build_world(clock)
    recorder = Conformance(GitHub(world), github_spec(), allowed=GITHUB_ALLOWED, documented=github_path)
    with served(service=recorder, world=world, clock=clock) as place:
        place.create(WEB, 230, labels=["bug", "a label/with?signs"])
        place.create(API, 3)
        connector = place.connect()
        connector.check()
        _read(place, connector)
        _write(connector)
        place.world.user("ana")
        above = Address(connector.name, key=f"{WEB}#1")
        connector.create(Draft("d1", WEB, "Task", "Born", "why", ("goal:G-1",), parent=above, assignee="ana"))
        connector.drafted(WEB, ["d1"], clock())
        _keep_goals(place, connector)
        surfaces = connector.layout().surfaces
        assert set(connector.defined(WEB, surfaces[1], ["G-1", "G-5"])) == {"G-1"}
    recorder.verify()
    assert {operation[:2] for operation in recorder.operations} >= {
        ("GET", "/rate_limit"),
        ("GET", "/user"),
        ("GET", "/orgs/{org}/issue-fields"),
        ("GET", "/repos/{owner}/{repo}"),
        ("GET", "/repos/{owner}/{repo}/issues"),
        ("GET", "/repos/{owner}/{repo}/issues/{issue_number}"),
        ("GET", "/repos/{owner}/{repo}/labels"),
        ("POST", "/repos/{owner}/{repo}/labels"),
        ("POST", "/repos/{owner}/{repo}/issues"),
        ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/sub_issues"),
        ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels"),
        ("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}"),
        ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/issue-field-values"),
        ("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/issue-field-values/{issue_field_id}"),
        ("PATCH", "/repos/{owner}/{repo}/labels/{name}"),
        ("PATCH", "/orgs/{org}/issue-fields/{issue_field_id}"),
        ("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}"),
        ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/sub_issues"),
        ("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/sub_issue"),
    }


def _keep_goals(place: Place, connector: GithubConnector) -> None:
    """Publish goals, rewrite one's home, and hang work below it."""
    for status in (Status.ACTIVE, Status.ABANDONED):
        goals = [Offer(1, "G-77", (), "New", status, private=False), Offer(2, "G-1", (), "Old", status, private=False)]
        for menu in connector.menus():
            assert all(each.fate is Fate.DONE for each in connector.offer(menu, decide(menu, goals, {}).changes))
    home, child = (Address(connector.name, key=f"{API}#{number}") for number in place.create(API, 2))
    connector.rewrite(Rewrite(home, None, Title("G-1: Grow", ("Status: active",))))
    assert connector.attach(child, home).fate is Fate.DONE
    assert connector.detach(child, home).fate is Fate.DONE


def _read(place: Place, connector: GithubConnector) -> None:
    cursors: dict[str, str] = {}
    for _ in range(3):
        pulled(connector, cursors)
        place.clock.advance(timedelta(minutes=10))
    place.world.set_field(WEB, 9, FIELD, "G-9", actor=PERSON)
    pulled(connector, cursors)
    place.world.transfer(WEB, 10, API, actor=PERSON)
    place.world.delete_issue(WEB, 11, actor=PERSON)
    list(connector.fetch([Address(connector.name, key=f"{WEB}#{number}") for number in (9, 10, 11)]))
    assert len(census(connector)) == 232


def _write(connector: GithubConnector) -> None:
    surfaces = connector.layout().surfaces
    field, label, exempt, review = surfaces
    assert (field.kind, review.kind) == (SurfaceKind.FIELD, SurfaceKind.REVIEW)
    on = (
        Change(field, ("G-1",)),
        Change(label, ("G-1",)),
        Change(exempt, (exempt.id,)),
        Change(review, (review.id,)),
    )
    off = tuple(Change(change.surface, (), change.add) for change in on)
    for changes in (on, off):
        issue = issue_at(connector, f"{WEB}#1")
        write = Write(Address(connector.name, issue.ref.id, issue.key), changes, observe(issue, surfaces))
        assert [type(outcome) for outcome in connector.write([write])] == [Done]
