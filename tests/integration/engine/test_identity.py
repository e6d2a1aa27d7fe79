"""Who is who: ids stay, keys and names change hands, and people are told once what a name means now (faults 30, 31)."""

from __future__ import annotations

import pytest

from tests.integration.engine.desks import GITHUB_TOKEN, Desk
from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain import decisions
from vindaris_sync.domain.models import Presence

ONLY_GITHUB = [Setup(names=("github",))]


def attention(site: Site, tracker: str = "github") -> list[str]:
    """Return what chat says is to be set right in a tracker, newest last."""
    return [line for line in site.told() if line.startswith(tracker) and "set right" in line]


@pytest.mark.parametrize("service", ["jira", "github"])
def test_a_former_key_still_finds_the_issue(site: Site, service: str) -> None:
    """Moved twice, all three keys lead to the one issue, and its link has gone along (fault 30)."""
    desk: Desk = site.jira if service == "jira" else site.github
    first = desk.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    second = desk.move(first, desk.other)
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    third = desk.move(second, desk.place)
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    assert third != second
    found = {site.store.find(key)[0] for key in (first, second, third)}
    assert len(found) == 1
    assert site.serves(third) == "linked GROW-1"
    site.sound()


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_two_issues_never_merge_by_number(site: Site, renamed: bool) -> None:  # noqa: FBT001 - a variant
    """A repository made anew under the same name has another issue #2: its own row, no link of the old one."""
    old = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    before = site.record(old)
    site.github.world.delete_repository("acme/web", actor="mia")
    site.github.world.create_repository("acme/web")
    site.clock.pass_(minutes=10)
    while (new := site.github.create("Quite another thing")) != old:
        pass
    if renamed:
        site.github.world.rename_repository("acme/web", "shop", actor="mia")
        new = f"acme/shop#{new.partition('#')[2]}"
    ok(site.turn(minutes=16, rounds=2))
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    after = site.store.view_records([before.id])[before.id]
    assert site.record(new).ref != before.ref
    assert site.serves(new) == "unlinked"
    assert (after.title, after.presence) == ("Pay by phone", Presence.HIDDEN)
    assert after.links
    assert site.store.find(new)[0] == site.record(new).id
    site.sound()


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_repository_made_anew_is_read_and_said_once(site: Site) -> None:
    """The tracker goes on with the repository that has the name now, and chat says so once, with what to do."""
    site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.github.world.delete_repository("acme/web", actor="mia")
    site.github.world.create_repository("acme/web")
    site.clock.pass_(minutes=10)
    new = site.github.create("Begin again", "goal:GROW-2")
    ok(site.turn(rounds=3))
    assert site.serves(new) == "linked GROW-2"
    assert attention(site) == ["github: 1 thing is to be set right"]
    (said,) = site.store.attention("github")
    assert "another repository now" in said.message
    for _ in range(3):
        site.clock.pass_(hours=7)
        ok(site.turn(rounds=2))
    assert attention(site) == ["github: 1 thing is to be set right"]
    site.clock.pass_(days=7)
    ok(site.turn(rounds=2))
    assert site.store.attention("github") == ()


@pytest.mark.parametrize("again", ["night", "forgotten", "forgotten and restarted", "read otherwise"])
@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_who_takes_over_a_name_is_not_read_in_its_former_bearers_place(site: Site, again: str) -> None:
    """However everything comes to be read again: the repository that was followed still is, and chat says so once."""
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    site.github.world.rename_repository("acme/web", "legacy", actor="mia")
    site.github.world.create_repository("acme/web")
    site.clock.pass_(minutes=10)
    strange = site.github.create("Quite another thing")
    ok(site.turn(rounds=2))
    connector = site.context.trackers["github"].connector
    if again == "night":
        site.night()
    elif again == "read otherwise":
        site.store.put_note("reads github", "another way")
    else:
        site.store.forget_cursors("github", connector.recall(site.store.cursors("github")))
        if again == "forgotten and restarted":
            site.restart()
    ok(site.turn(rounds=2))
    legacy = f"acme/legacy#{key.partition('#')[2]}"
    assert site.serves(legacy) == "linked GROW-1"
    assert site.record(legacy).presence is Presence.PRESENT
    assert site.github.labels(strange) == set()
    number = int(strange.partition("#")[2])
    assert site.github.world.issue("acme/web", number).node_id not in site.store.ids("github")
    later = site.github.create("Later", "goal:GROW-2", place="acme/legacy")
    ok(site.turn(rounds=2))
    assert site.serves(later) == "linked GROW-2"
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    (said,) = site.store.attention("github")
    assert "another repository by now" in said.message
    assert attention(site) == ["github: 1 thing is to be set right"]
    site.sound()


@pytest.mark.parametrize("name", ["shop", "newco/shop"], ids=["renamed", "transferred to another owner"])
@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_renamed_repository_is_said_once_until_the_configuration_follows(site: Site, name: str) -> None:
    """It goes on under its number; chat names its new name and what to write, and is content once that is written."""
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    full = name if "/" in name else f"acme/{name}"
    site.github.world.rename_repository("acme/web", name, actor="mia")
    for _ in range(3):
        site.clock.pass_(hours=7)
        ok(site.turn(rounds=2))
    (said,) = site.store.attention("github")
    assert (said.subject, said.message) == ("acme/web", f"it is called {full} now")
    assert full in said.fix
    assert attention(site) == ["github: 1 thing is to be set right"]
    assert site.serves(key) == "linked GROW-1"
    assert site.serves(f"{full}#{key.partition('#')[2]}") == "linked GROW-1"
    site.reconnect("github", repositories=(full, "acme/api"))
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    assert site.store.attention("github") == ()
    assert site.serves(f"{full}#{key.partition('#')[2]}") == "linked GROW-1"
    site.sound()


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_an_issue_that_went_on_from_where_nobody_could_see_it_is_followed_at_night(site: Site) -> None:
    """Transferred to a repository that we may not see it is hidden; once it has come out again, a night finds it."""
    world = site.github.world
    secret = world.create_repository("acme/secret")
    world.tokens[GITHUB_TOKEN].hidden.add(secret.id)
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    away = site.github.move(key, "acme/secret")
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    assert site.record(key).presence is Presence.HIDDEN
    new = site.github.move(away, site.github.other)
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    assert site.serves(new).startswith("unlinked")
    site.night()
    ok(site.turn(rounds=2))
    assert site.record(key).id == site.record(new).id
    assert site.serves(new) == "linked GROW-1"
    site.sound()


@pytest.mark.parametrize("site", ONLY_GITHUB, indirect=True)
def test_a_link_that_somebody_took_off_under_the_new_id_does_not_come_after_it(site: Site) -> None:
    """Seen as a new issue with its label, unlinked there; only then is it known where it came from (L5, R6)."""
    world = site.github.world
    world.create_label("acme/api", "goal:GROW-1")
    key = site.github.create("Pay by phone", "goal:GROW-1")
    ok(site.turn(rounds=2))
    new = site.github.move(key, site.github.other)
    ok(site.turn(rounds=2))
    assert site.serves(new) == "linked GROW-1"
    site.decide(new, decisions.unlink)
    ok(site.turn(rounds=2))
    site.clock.pass_(hours=7)
    ok(site.turn(rounds=2))
    assert site.record(key).id == site.record(new).id
    assert site.serves(new).startswith("unlinked")
    site.sound()
