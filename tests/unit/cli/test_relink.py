"""Work on a goal that ended goes to its successor, for one reason, all at once."""

from __future__ import annotations

import pytest

from tests.unit.cli.installation import Installation

AFTER = '\nsuccessor = "NEXT"\n[[goal]]\nkey = "NEXT"\ntitle = "What comes then"\n'


@pytest.fixture
def ended(running: Installation) -> list[str]:
    """Return the keys of two issues that are asked about, since CHECKOUT was achieved; a third one was finished."""
    made = [running.tracker.create("APP", title, labels=("goal:CHECKOUT",)) for title in ("One", "Two", "Three")]
    running.call("run", "--once")
    running.tracker.close(made[2])
    goals = running.goals.read_text("utf-8").rstrip()
    running.goals.write_text(goals + '\nstatus = "achieved"' + AFTER, "utf-8")
    running.call("goal", "apply", "--now")
    running.call("run", "--once")
    return [running.tracker.issue(each).key for each in made[:2]]


def goals_of(running: Installation, key: str) -> list[str]:
    """Return the goals that an issue is linked to."""
    return [link["goal"] for link in running.told("trace", key)["links"]]


def test_the_successor_is_offered_where_the_work_is_asked_about(running: Installation, ended: list[str]) -> None:
    """In the list of reviews, for people and for programs, and at the goal itself."""
    found = running.told("review", "list", "--reason", "goal_closed")["reviews"]
    assert [(one["key"], one["successor"]) for one in found] == [(key, "NEXT") for key in ended]
    assert "its successor is NEXT" in " ".join(running.said("review", "list").split())
    assert running.told("goal", "show", "CHECKOUT")["successor"] == "NEXT"
    assert "goes to NEXT" in running.said("goal", "show", "CHECKOUT")


def test_all_work_goes_to_the_successor_for_one_reason(running: Installation, ended: list[str]) -> None:
    """Reason and author are kept with each issue; the tracker follows; what was finished stays where it was."""
    done = running.told("review", "relink", "--goal", "CHECKOUT", "--successor", "--why", "shipped", "--as", "kim")
    assert (done["from"], done["to"], [one["key"] for one in done["issues"]]) == ("CHECKOUT", "NEXT", ended)
    running.call("run", "--once")
    assert running.told("review", "list")["total"] == 0
    assert [running.tracker.issue(each).labels for each in ("1002", "1003", "1004")] == [
        ("goal:NEXT",), ("goal:NEXT",), ("goal:CHECKOUT",)
    ]  # fmt: skip
    for key in ended:
        event = next(one for one in running.told("trace", key)["history"] if one["event"] == "linked")
        assert (event["who"], event["why"], event["before"], event["after"]) == (
            "kim",
            "shipped",
            ["CHECKOUT"],
            ["NEXT"],
        )
    assert running.told("plan")["in_sync"] is True


def test_what_was_confirmed_on_a_closed_goal_stays(running: Installation, ended: list[str]) -> None:
    """Somebody has said that it is right there: only what is asked is answered."""
    running.call("review", "confirm", ended[0])
    assert "1 issue asked about CHECKOUT" in running.said(
        "review", "relink", "--goal", "CHECKOUT", "--to", "GROW", "--why", "agreed"
    )
    assert (goals_of(running, ended[0]), goals_of(running, ended[1])) == (["CHECKOUT"], ["GROW"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--goal", "CHECKOUT", "--successor"), "--why"),
        (("--goal", "CHECKOUT", "--why", "x"), "--successor"),
        (("--goal", "CHECKOUT", "--to", "GROW", "--successor", "--why", "x"), "--successor"),
        (("APP-2", "--goal", "CHECKOUT", "--to", "GROW", "--why", "x"), "name no issue"),
        (("--goal", "CHECKOUT", "--to", "CHECKOUT", "--why", "x"), "already"),
        (("--goal", "NEXT", "--to", "CHECKOUT", "--why", "x"), "its successor is NEXT"),
        (("--goal", "NEXT", "--successor", "--why", "x"), "names no successor"),
        (("--goal", "NIXT", "--successor", "--why", "x"), "did you mean NEXT"),
        (("APP-2",), "name an issue and its goal"),
        (("APP-2", "GROW", "--successor"), "name an issue and its goal"),
    ],
)
@pytest.mark.usefixtures("ended")
def test_what_cannot_be_meant_is_refused(running: Installation, words: tuple[str, ...], said: str) -> None:
    """With the way out; nothing is changed."""
    assert said in " ".join(running.call("review", "relink", *words, code=2).stderr.replace("│", " ").split())
    assert running.told("review", "list")["total"] == 2
