"""Link rules as they are written in the configuration."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vindaris_sync.app import link_rules
from vindaris_sync.config.settings import Config

Load = Callable[..., Config]
Refusals = Callable[..., list[str]]

REST = """\
[trackers.main]
kind = "board"
url = "https://board.example"
boards = ["Red", "Blue"]
[notify.log]
kind = "log"
[[teams]]
name = "All"
scopes = ["main:*"]
notify = "log"
"""


def test_rules_are_kept_in_their_order_with_one_value_or_several(config_of: Load) -> None:
    """A text is a list of one; what is not asked for is no condition."""
    config = config_of(
        '[[rules]]\ngoal = "G-1"\ncomponent = " Checkout "\n'
        '[[rules]]\ngoal = "G-2"\ntracker = "Main"\nplace = ["Red", "Blue"]\ntype = "Bug"\nlabel = "slow"\n'
        'milestone = "v2"\n' + REST
    )
    first, second = link_rules(config)
    assert (first.goal, first.name) == ("G-1", "component = Checkout")
    assert second.goal == "G-2"
    assert second.name == "tracker = Main, place = Red or Blue, type = Bug, label = slow, milestone = v2"


def test_without_rules_there_are_none(config_of: Load) -> None:
    """Nobody has to use them."""
    assert link_rules(config_of(REST)) == ()


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ('[[rules]]\nlabel = "x"\n', "[[rules]] #1 goal: is missing"),
        ('[[rules]]\ngoal = "G-1"\nlabel = []\n', "[[rules]] #1 label: name at least one"),
        ('[[rules]]\ngoal = "G-1"\nlabel = " "\n', "[[rules]] #1 label: "),
        ('[[rules]]\ngoal = "G-1"\nlabel = 3\n', "[[rules]] #1 label: "),
        ('[[rules]]\ngoal = "G-1"\nlable = "x"\nplace = "Red"\n', "there is no such key; did you mean 'label'?"),
        (
            '[[rules]]\ngoal = "G-1"\ntracker = "mian"\ntype = "x"\n',
            "[[rules]] #1 tracker: there is no [trackers.mian]",
        ),
        ('[[rules]]\ngoal = "G-1"\nplace = "Red"\n', "[[rules]] #1: this would link all that is there"),
        ('[[rules]]\ngoal = "G-1"\ntracker = "main"\nplace = "Red"\n', "one of type, component, label, milestone"),
        ('[rules]\ngoal = "G-1"\n', "rules: write [[rules]], with two brackets"),
    ],
)
def test_a_rule_that_cannot_be_right_is_refused_where_it_stands(refusals: Refusals, rules: str, problem: str) -> None:
    """One line says which rule and what is wrong with it."""
    [found] = refusals(rules + REST)
    assert problem in found


def test_a_rule_without_conditions_is_refused(refusals: Refusals) -> None:
    """It would link everything, which says nothing."""
    [found] = refusals('[[rules]]\ngoal = "G-1"\n' + REST)
    assert found.startswith("vindaris.toml:1: [[rules]] #1: ")
    assert found.endswith("name at least one condition: tracker, place, type, component, label, milestone")


def test_a_rule_that_an_earlier_one_makes_useless_is_refused(refusals: Refusals) -> None:
    """It would never be tried, whatever goal it names."""
    rules = '[[rules]]\ngoal = "G-1"\nlabel = ["a", "B"]\n[[rules]]\ngoal = "G-2"\nlabel = ["b", "A"]\n'
    assert refusals(rules + REST) == [
        "vindaris.toml:4: [[rules]] #2: rule #1 asks for the same, and is tried first",
    ]
