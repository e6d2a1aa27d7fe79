"""What a list of unlinked issues offers: goals as its readers may see them, and nothing where there are no buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.unit.store.world import NOW, T, issue, put, url
from vindaris_sync.domain.goals import Goal
from vindaris_sync.domain.messages import Act, Item, Kind
from vindaris_sync.domain.visibility import as_told, for_strangers
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.offering import with_buttons
from vindaris_sync.engine.teams import Teams
from vindaris_sync.notify.log import LogChannel
from vindaris_sync.notify.protocol import Ability
from vindaris_sync.sdk.goals import GoalsRead
from vindaris_sync.store.store import Store

GOALS = (Goal("G-1", "Acquire Initech"), Goal("G-2", "Acquire more users", visibility="public"))


@dataclass
class Stated:
    """A source of goals."""

    def read(self) -> GoalsRead:
        """Return the goals."""
        return GoalsRead(GOALS, "", "")


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return an engine with a private and a public goal, and twenty issues that have a word of both."""
    with Store.open(url(tmp_path)) as store:
        store.put_tracker(T, "github")
        store.put_goals(GOALS, NOW)
        put(store, *(issue(number, title=f"Acquire licence {number}") for number in range(1, 21)))
        yield Context(store, {}, Stated(), Teams({}, {}), now=lambda: NOW)


def channel(abilities: Ability) -> LogChannel:
    """Return a channel that can do so much."""
    made = LogChannel("growth")
    made.abilities = abilities
    return made


ITEMS = [Item(f"{T}:id{number}", f"acme/web#{number}", f"Acquire licence {number}") for number in range(1, 11)]


def test_strangers_read_no_title_of_a_private_goal(context: Context) -> None:
    """In a public channel a private goal is its key, on the button and in the evidence; elsewhere it has its title."""
    buttons = channel(Ability.BUTTONS)
    for told, label in ((for_strangers(GOALS), "G-1"), (as_told, "G-1 Acquire Initech")):
        shown = with_buttons(context, buttons, Kind.UNLINKED, ITEMS, told)
        links = [button.label for button in shown[0].buttons if button.action is Act.LINK]
        assert sorted(links) == [label, "G-2 Acquire more users"]
        assert ("Initech" in str(shown)) is (told is as_told)


def test_nothing_is_looked_up_where_there_are_no_buttons(context: Context) -> None:
    """A channel without buttons costs no question to the store, and shows its items as they are."""
    with context.store.metered() as meter:
        shown = with_buttons(context, channel(Ability.EDIT), Kind.UNLINKED, ITEMS, as_told)
    assert (shown, meter.steps) == (ITEMS, 0)


def test_only_what_is_shown_is_looked_up(context: Context) -> None:
    """Candidates are found for the lines of the message, however many issues are asked about beside them."""
    buttons, store = channel(Ability.BUTTONS), context.store
    with_buttons(context, buttons, Kind.UNLINKED, ITEMS, as_told)
    spent = []
    for first in (100, 1000):
        put(store, *(issue(number, title="Acquire licence") for number in range(first, first + 5 * first // 10)))
        with store.metered() as meter:
            with_buttons(context, buttons, Kind.UNLINKED, ITEMS, as_told)
        spent.append(meter.steps)
    assert spent[1] <= spent[0] * 1.2


def test_an_item_that_is_no_issue_any_more_has_no_buttons(context: Context) -> None:
    """What the store does not know is shown as it is."""
    gone = replace(ITEMS[0], id=f"{T}:gone")
    assert with_buttons(context, channel(Ability.BUTTONS), Kind.UNLINKED, [gone], as_told) == [gone]
