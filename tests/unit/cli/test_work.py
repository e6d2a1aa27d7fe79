"""``work``: issues from goals by hand, the list of what is required, and answers for a goal."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.cli.installation import GOALS, Installation

ITEM = """
[[goal.requires]]
id = "{id}"
tracker = "{tracker}"
place = "APP"
title = "{title}"
"""


def _require(installed: Installation, *items: str) -> None:
    """Let CHECKOUT, the last goal of the file, require these items, and let them count at once."""
    installed.goals.write_text(GOALS + "".join(items), encoding="utf-8")
    installed.call("goal", "apply", "--now")


def _titles(installed: Installation) -> dict[str, Any]:
    return {record.issue.title: record.issue for record in installed.tracker.records()}


def test_an_issue_is_created_from_a_goal(running: Installation) -> None:
    """It carries the goal, the command says where it is, and the goal's trace knows it as born."""
    said = running.said("work", "create", "--goal", "checkout", "--in", "mem:APP", "One step for {goal.key}")
    issue = _titles(running)["One step for CHECKOUT"]
    assert said.split()[:4] == [issue.key, "created", "for", "CHECKOUT:"]
    assert issue.url in said
    assert issue.labels == ("goal:CHECKOUT",)
    running.call("run", "--once")
    traced = running.told("trace", issue.key)
    assert "born" in str(traced)


def test_a_second_call_with_the_same_id_creates_nothing(running: Installation) -> None:
    """It names the issue that is there, whatever the title says now."""
    call = ("work", "create", "--goal", "CHECKOUT", "--in", "mem:APP", "--id", "rollout")
    first = running.told(*call, "Roll out")
    again = running.told(*call, "Roll out, once more")
    assert (first["created"], again["created"]) == (True, False)
    assert first["key"] == again["key"]
    assert "Roll out, once more" not in _titles(running)


def test_what_an_issue_gets(running: Installation) -> None:
    """Type, labels, parent and assignee arrive; a second one hangs under the first by its item's id."""
    call = ("work", "create", "--goal", "CHECKOUT", "--in", "mem:APP")
    running.call(*call, "--id", "epic", "--type", "Epic", "Epic")
    running.call("run", "--once")
    more = ("--parent", "epic", "--label", "ui", "--label", "q3", "--assignee", "ana", "--body", "For {goal.title}")
    running.call(*call, *more, "Part")
    epic, part = _titles(running)["Epic"], _titles(running)["Part"]
    assert epic.type == "Epic"
    assert part.parent.id == epic.ref.id
    assert (set(part.labels), part.assignee) == ({"ui", "q3", "goal:CHECKOUT"}, "ana")
    assert running.tracker.record(part.ref.id).body == "For Faster checkout"


def test_a_dry_run_creates_nothing(running: Installation) -> None:
    """It shows what would be sent, and leaves no item behind."""
    call = ("work", "create", "--goal", "CHECKOUT", "--in", "mem:APP", "--dry-run")
    draft = running.told(*call, "Dry")["draft"]
    assert (draft["title"], draft["labels"], draft["place"]) == ("Dry", ["goal:CHECKOUT"], "APP")
    assert "Dry" not in _titles(running)
    assert running.told("work", "list")["items"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--goal", "NOPE", "--in", "mem:APP", "x"), "no goal is called"),
        (("--goal", "CHECKOUT", "--in", "APP", "x"), "TRACKER:PLACE"),
        (("--goal", "CHECKOUT", "--in", "nope:APP", "x"), "there is no tracker"),
        (("--goal", "CHECKOUT", "--in", "mem:NOPE", "x"), "there is no place NOPE"),
        (("--goal", "CHECKOUT", "--in", "mem:APP", "{goal.titel}"), "goal.titel"),
        (("--goal", "CHECKOUT", "--in", "mem:APP", "--parent", "APP-99", "x"), "APP-99"),
        (("--goal", "CHECKOUT", "--in", "mem:APP", "--label", "goal:GROW", "x"), "goal:GROW"),
        (("--goal", "CHECKOUT", "--in", "mem:APP", "--body", "a", "--body-file", "b", "x"), "--body-file"),
    ],
)
def test_what_cannot_be_created_is_told(running: Installation, words: tuple[str, ...], said: str) -> None:
    """One line, what to do, exit code 2, and nothing is kept."""
    before = len(_titles(running))
    result = running.call("work", "create", *words, code=2)
    assert said in result.stderr
    assert len(_titles(running)) == before
    assert running.told("work", "list")["items"] == []


def test_a_template_is_an_address_that_carries_the_goal(running: Installation) -> None:
    """Whatever stands in it, the address takes it apart again; on a terminal it is one word."""
    said = running.said("work", "template", "--goal", "CHECKOUT", "--in", "mem:APP", "50% & more")
    assert re.fullmatch(r"\S+\n", said)
    told = parse_qs(urlsplit(said.strip()).query)
    assert (told["title"], told["labels"]) == (["50% & more"], ["goal:CHECKOUT"])
    assert len(_titles(running)) == len(list(running.tracker.records()))


def test_the_list_says_what_became_of_each_item(running: Installation) -> None:
    """Created, waiting for what, refused why, and what to do about it."""
    sub = ITEM.format(id="sub", tracker="mem", title="Sub") + 'parent = "typed"\n'
    _require(
        running,
        ITEM.format(id="api", tracker="mem", title="API"),
        ITEM.format(id="typed", tracker="mem", title="Typed") + 'type = "Storyy"\n',
        sub,
        ITEM.format(id="lost", tracker="memm", title="Lost"),
    )
    running.tracker.places["APP"].types = frozenset({"Task", "Epic"})
    planned = running.said("plan", code=1)
    assert "Create work: 3" in planned
    assert "'API' for CHECKOUT (api)" in planned
    ran = running.said("run", "--once")
    assert "work created: 1" in ran
    found = {item["id"]: item for item in running.told("work", "list", "--goal", "CHECKOUT")["items"]}
    assert {name: item["state"] for name, item in found.items()} == {
        "api": "created",
        "typed": "refused",
        "sub": "waiting",
        "lost": "refused",
    }
    assert "Storyy" in found["typed"]["reason"]
    assert found["sub"]["reason"] == "waits for typed"
    assert found["lost"]["fix"] == "write one of mem"
    assert "no tracker 'memm'" in running.said("work", "list")
    assert (
        "CHECKOUT requires lost: there is no tracker 'memm'; there are mem"
        in running.call("config", "check", code=2).stderr
    )
    running.tracker.places["APP"].types = frozenset()
    running.call("run", "--once")
    assert "Typed" not in _titles(running)
    assert running.told("work", "retry", "mem")["retried"] == 1
    running.call("run", "--once")
    assert {"Typed", "Sub"} <= _titles(running).keys()


def test_too_many_at_once_are_agreed_to(running: Installation) -> None:
    """They are listed, asked about, and then created a few a pass."""
    config = running.config.read_text("utf-8")
    limited = config.replace('grace = "0s"\n', 'grace = "0s"\nwrite_back = { create_limit = 2 }\n')
    running.config.write_text(limited, encoding="utf-8")
    _require(running, *(ITEM.format(id=f"i{n}", tracker="mem", title=f"Item {n}") for n in range(3)))
    running.call("run", "--once")
    assert not any(title.startswith("Item") for title in _titles(running))
    assert "--yes" in running.call("work", "release", "mem", code=2).stderr
    assert running.told("work", "release", "mem", "--yes")["released"] == 3
    assert "Nothing waits" in running.said("work", "release", "mem")
    running.call("run", "--once")
    running.call("run", "--once")
    assert sum(title.startswith("Item") for title in _titles(running)) == 3


def test_a_goals_review_is_listed_shown_and_answered(running: Installation) -> None:
    """Required work that was declined is asked about as goal:KEY; the answer holds while it stays so."""
    _require(running, ITEM.format(id="api", tracker="mem", title="API"))
    running.call("run", "--once")
    issue = _titles(running)["API"]
    running.tracker.close(issue.ref.id, declined=True)
    running.call("run", "--once")
    (review,) = [each for each in running.told("review", "list")["reviews"] if each["key"] == "goal:CHECKOUT"]
    assert [cause["reason"] for cause in review["causes"]] == ["work_dropped"]
    assert issue.key in running.said("review", "show", "goal:CHECKOUT")
    assert "work_dropped" in running.said("review", "list", "--team", "Growth")
    assert running.told("work", "list")["items"][0]["state"] == "declined"
    (decided,) = running.told("review", "confirm", "goal:CHECKOUT", "--why", "not needed")["decided"]
    assert decided["answered"] == ["work_dropped"]
    running.call("run", "--once")
    assert [each for each in running.told("review", "list")["reviews"] if each["key"] == "goal:CHECKOUT"] == []
    assert "asks nothing" in running.call("review", "confirm", "goal:CHECKOUT", code=2).stderr
    running.tracker.reopen(issue.ref.id)
    running.call("run", "--once")
    running.tracker.close(issue.ref.id, declined=True)
    running.call("run", "--once")
    assert [each["key"] for each in running.told("review", "list")["reviews"]] == ["goal:CHECKOUT"]
