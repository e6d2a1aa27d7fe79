"""What has left the scope stays where it hangs: what stands above it counts for those below it (R6)."""

from __future__ import annotations

import pytest

from tests.integration.engine.test_census import later
from tests.integration.engine.world import Setup, Site, ok
from vindaris_sync.domain.models import Presence


@pytest.mark.parametrize("site", [Setup(names=("github",))], indirect=True)
def test_what_stands_above_an_issue_out_of_scope_is_heard_below_it(site: Site) -> None:
    """It takes nothing of that itself, and those below it do: another goal, none, and a parent that nobody tracks."""
    desk = site.github
    for place in ("acme/lab", "acme/attic"):
        desk.world.create_repository(place)
    top, middle = desk.create("Top", "goal:GROW-1"), desk.create("Middle")
    below = desk.create("Below")
    ok(site.turn(rounds=2))
    middle = desk.move(middle, "acme/lab")
    later(site)
    desk.set_parent(middle, top)
    later(site)
    desk.set_parent(below, middle)
    ok(site.turn(minutes=30, rounds=2))
    assert (site.record(middle).presence, site.serves(below)) == (Presence.OUT_OF_SCOPE, "inherited GROW-1")
    site.link(top, "GROW-2")
    ok(site.turn(minutes=30, rounds=2))
    assert site.serves(below) == "inherited GROW-2"
    desk.set_parent(middle, None)
    later(site)
    assert (site.serves(below), site.record(below).parent_unknown) == ("unlinked", False)
    above = desk.create("Above", "goal:COST-1", place="acme/attic")
    desk.set_parent(middle, above)
    later(site)
    assert (site.record(above).presence, site.serves(below)) == (Presence.CONTEXT, "inherited COST-1")
    site.sound()
