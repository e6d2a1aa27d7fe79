"""What is said of parents that texts name, of types that must carry a link, and of budgets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.config.test_load import REST, TRACKER
from vindaris_sync.app import goal_rules, teams_of, with_places
from vindaris_sync.config.settings import Config
from vindaris_sync.domain.lasting import CatchAll

Load = Callable[..., Config]
Refusals = Callable[..., list[str]]

OTHER = TRACKER.replace("[trackers.main]", "[trackers.other]")
TEAMS = REST.replace('"main:*"', '"main:*", "other:*"')


def refers(text: str, target: str = OTHER) -> str:
    """Return a configuration whose tracker ``main`` says this of parents."""
    return f"{TRACKER}parent_reference = {text}\n{target}{TEAMS}"


def test_a_reference_looks_at_titles_and_bodies_for_the_places_that_the_other_block_names(config_of: Load) -> None:
    """One word is enough; places may be named beside it, those out of scope too."""
    config = config_of(refers('{ tracker = "other" }'))
    reference = with_places(config, config.trackers["main"]).parent_reference
    assert reference is not None
    assert (reference.places, reference.where) == (("Red", "Blue"), ("title", "body"))
    config = config_of(refers('{ tracker = "other", places = ["Core"], where = ["title"] }'))
    reference = with_places(config, config.trackers["main"]).parent_reference
    assert reference is not None
    assert (reference.places, reference.where) == (("Core",), ("title",))
    assert with_places(config, config.trackers["other"]) is config.trackers["other"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (refers('{ tracker = "othr" }'), "parent_reference] tracker: there is no [trackers.othr]"),
        (refers("{ }"), "parent_reference] tracker: is missing"),
        (refers('{ tracker = "other", where = [] }'), "name one at least, title or body"),
        (refers('{ tracker = "other", where = ["branch"] }'), "where: should be 'title' or 'body'"),
        (
            refers('{ tracker = "other" }', OTHER.replace('boards = ["Red", "Blue"]\n', "")),
            'say which count, places = ["APP"]',
        ),
        (
            f'{TRACKER}ignore_types = ["Test"]\nmust_link = ["Epic", "test"]\n{REST}',
            "'test' is also among ignore_types",
        ),
        (f"{TRACKER}{REST}exempt_share = 1.5\n", "exempt_share"),
        (f"{TRACKER}{REST}[goals]\ncatch_all_share = 0\n", "catch_all_share"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(refusals: Refusals, text: str, problem: str) -> None:
    """One line says what is wrong."""
    [found] = refusals(text)
    assert problem in found


def test_shares_are_given_to_those_who_report_on_them(config_of: Load) -> None:
    """A budget is a team's own; without one nothing was agreed."""
    config = config_of(f"{TRACKER}{REST}exempt_share = 0.1\n[goals]\ncatch_all_share = 0.5\ncatch_all_least = 9\n")
    assert teams_of(config).teams["All"].exempt_share == pytest.approx(0.1)
    held = goal_rules(config).catch_all
    assert held == CatchAll(0.5, 9)
    assert teams_of(config_of(TRACKER + REST)).teams["All"].exempt_share is None
