"""The life of a goal, as two trackers and a chat show it: declared, worked on, changed, given up for another.

A daemon does it, over sockets. In one telling it is killed after every step, and another one goes on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from tests.chaos.lives import PATIENCE, Life, Nursery, eventually
from tests.integration.daemon.company import Company
from tests.integration.engine.desks import JIRA_TOKEN

SETTINGS = """
[trackers.github.write_back]
publish_goals = true
[goals.home]
tracker = "jira"
place = "OPS"
type = "Epic"
attach = true
"""

PAY = """
[[goal]]
key = "PAY-1"
title = "Pay in one step"
visibility = "public"
status = "{status}"
successor = "{successor}"
[[goal.outcome]]
metric = "abandoned baskets"
unit = "%"
baseline = 30
target = {target}
[[goal.requires]]
id = "api"
tracker = "jira"
place = "APP"
type = "Story"
title = "An API for {{goal.title}}"
[[goal.requires]]
id = "ledger"
tracker = "jira"
place = "APP"
type = "Task"
title = "A ledger"
[[goal.requires]]
id = "form"
tracker = "github"
place = "acme/web"
title = "A form"
"""

Picture = dict[str, object]


@dataclass
class Story:
    """The company, the daemon's present life, and what was seen."""

    company: Company
    nursery: Nursery
    killed: bool
    told: dict[str, Any] = field(default_factory=dict)
    _life: Life | None = None

    @property
    def life(self) -> Life:
        """The daemon, started where none lives."""
        if self._life is None:
            log = self.company.folder / f"log-{len(self.nursery.lives)}"
            self._life = self.nursery.start("run", config=self.company.config, log=log)
        return self._life

    def then(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until ``holds``, and until all rests; killed and started again, the daemon changes nothing."""
        life = self.life
        eventually(holds, what, told=lambda: f"{life.said()}\n{self.picture()}")
        seen = self._at_rest()
        assert holds(), (what, seen)
        if self.killed:
            self.life.kill()
            self._life = None
        assert self._at_rest() == seen, what

    def _at_rest(self) -> Picture:
        """Return what people see when two more passes over each tracker have changed nothing."""
        before: Picture = {}
        life, requests, end = self.life, self.company.server.requests, monotonic() + PATIENCE
        while (seen := self.picture()) != before:
            assert monotonic() < end, f"it never rests: {seen}"
            before = seen
            requests.clear()
            eventually(lambda: requests.count("jira") > 1 and requests.count("github") > 1, "passes", told=life.said)
            sleep(0.3)  # what the pass decided is told
        return seen

    def picture(self) -> Picture:
        """Return all that people see of goals."""
        return {"jira": self.jira(), "github": self.github(), "labels": self.labels(), "chat": self.chat()}

    def jira(self) -> dict[str, tuple[object, ...]]:
        """Return each issue with what shows its goal, and what it hangs below."""
        world = self.company.jira.world
        keys = {issue.state.id: issue.state.key for issue in world.issues.values()}
        return {
            issue.state.key: (
                issue.state.values["summary"],
                tuple(sorted(issue.state.values["labels"] or ())),
                self.company.jira.field(issue.state.key),
                keys.get(issue.state.parent or 0),
            )
            for issue in world.issues.values()
            if not issue.deleted
        }

    def github(self) -> dict[str, tuple[object, ...]]:
        """Return each issue with its labels."""
        return {
            f"{name}#{number}": (
                issue.document()["title"],
                tuple(sorted(label["name"] for label in issue.document()["labels"])),
            )
            for name in ("acme/web", "acme/api")
            for number, issue in self.company.github.world.repository(name).issues.items()
        }

    def labels(self) -> dict[str, str | None]:
        """Return the labels of goals that the repository offers, with what they say."""
        found = self.company.github.world.repository("acme/web").labels.values()
        return {label.name: label.description for label in found if label.name.startswith("goal:")}

    def options(self) -> list[str]:
        """Return the options of Jira's field that can be picked."""
        goal = self.company.jira.world.field("Goal")
        assert goal is not None
        return [option.value for option in goal.contexts[0].options if not option.disabled]

    def chat(self) -> list[str]:
        """Return the messages about the goal as they read now."""
        texts = [message.text for message in self.company.slack.channels["growth"].messages]
        return [text for text in texts if "PAY-1" in text]

    def titled(self, title: str) -> list[str]:
        """Return the keys of the issues with a title, in either tracker."""
        return [key for key, shown in {**self.jira(), **self.github()}.items() if shown[0] == title]

    def marked(self) -> set[str]:
        """Return the keys of the issues that ask to be reviewed."""
        return {key for key, shown in {**self.jira(), **self.github()}.items() if "goal-review" in shown[1]}  # type: ignore[operator]

    def state(self, *, target: int = 10, status: str = "active", successor: str = "") -> None:
        """Edit the goal in its file."""
        path = self.company.folder / "goals.toml"
        others = path.read_text("utf-8").partition('\n[[goal]]\nkey = "PAY-1"')[0]
        stated = PAY.format(target=target, status=status, successor=successor).replace('successor = ""\n', "")
        new = path.with_suffix(".new")
        new.write_text(others + stated, "utf-8")
        new.replace(path)

    def night(self) -> None:
        """Let all be read once more, as every night."""
        self.life.stop()
        self._life = None
        self.verb("report", "--now", codes=(0, 1))

    def verb(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
        """Run a verb and return its JSON."""
        log = self.company.folder / "verb"
        log.unlink(missing_ok=True)
        life = self.nursery.start(*words, "--json", config=self.company.config, log=log)
        assert life.end() in codes, life.said()
        return json.loads(re.sub(r"\A[^{\[]*", "", life.said()))

    def reviews(self, reason: str) -> set[str]:
        """Return the keys of the issues that are asked for a reason."""
        listed = self.verb("review", "list", "--reason", reason)["reviews"]
        return {each["key"] for each in listed}


@pytest.fixture(params=[True, False], ids=["killed after every step", "one life"])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    """Give a company whose daemon has loaded all there is, and is let live or not."""
    company = Company(tmp_path)
    text = company.config.read_text("utf-8")
    text = text.replace(
        'surfaces = ["field:Goal", "label"]', 'surfaces = ["field:Goal", "label"]\npublish_goals = true'
    )
    company.config.write_text(text + SETTINGS, "utf-8")
    company.jira.world.accounts[JIRA_TOKEN].admin = True
    try:
        with Nursery(company.config) as nursery:
            told = Story(company, nursery, killed=request.param)
            told.then("homes of the goals that there are", lambda: len(told.jira()) == 5)
            yield told
    finally:
        company.close()


@pytest.mark.long
def test_the_life_of_a_goal(story: Story) -> None:
    """Each step is seen in both trackers and in chat, exactly once, and the past is told as it was."""
    _declared(story)
    _worked_on(story)
    _changed(story)
    _given_up(story)
    _told_afterwards(story)


def _declared(story: Story) -> None:
    """Declare a goal: its work is there, once, born linked, and the goal can be picked and looked at."""
    story.state()
    story.then("the work is created", lambda: all(map(story.titled, ("A ledger", "A form", "PAY-1: Pay in one step"))))
    (api,), (ledger,), (form,) = (story.titled(title) for title in ("An API for Pay in one step", "A ledger", "A form"))
    (home,) = story.titled("PAY-1: Pay in one step")
    jira = story.jira()
    assert jira[api] == ("An API for Pay in one step", ("goal:PAY-1",), "PAY-1", home)
    assert jira[ledger] == ("A ledger", ("goal:PAY-1",), "PAY-1", home)
    assert story.github()[form] == ("A form", ("goal:PAY-1",))
    assert "PAY-1" in story.options()
    assert story.labels()["goal:PAY-1"] == "Pay in one step"
    items = story.verb("work", "list", "--goal", "PAY-1")["items"]
    assert {(item["id"], item["state"], item["key"]) for item in items} == {
        ("api", "created", api), ("ledger", "created", ledger), ("form", "created", form),
    }  # fmt: skip
    assert not story.marked()
    assert not story.chat()
    story.told = {"api": api, "ledger": ledger, "form": form, "home": home}


def _worked_on(story: Story) -> None:
    """Relabel one, delete one, close one as not to be done: nothing is undone or made anew, and the goal is asked."""
    api, ledger, form = (story.told[name] for name in ("api", "ledger", "form"))
    own = story.company.jira.create("Refunds", "goal:PAY-1")
    other = story.company.github.create("Receipts", "goal:PAY-1", place="acme/api")
    below = story.company.github.create("Receipts by mail", place="acme/api", parent=other)
    story.then("people's own work is linked", lambda: story.jira()[own][2:] == ("PAY-1", story.told["home"]))
    assert story.github()[below] == ("Receipts by mail", ())
    story.company.github.remove_label(form, "goal:PAY-1")
    story.company.github.add_label(form, "goal:GROW-2")
    story.company.jira.delete(ledger)
    story.company.jira.alice.close(api, "Won't Do")
    story.night()  # a tracker does not say what was deleted

    def asked() -> bool:
        items = {item["id"]: item["state"] for item in story.verb("work", "list", "--goal", "PAY-1")["items"]}
        return (items["api"], items["ledger"]) == ("declined", "deleted") and len(story.chat()) == 1

    story.then("the goal is asked", asked)
    assert not story.titled("A ledger")
    assert len(story.titled("An API for Pay in one step")) == 1
    assert story.github()[form] == ("A form", ("goal:GROW-2",))
    assert not story.marked()
    story.verb("review", "confirm", "goal:PAY-1", "--why", "bought instead")
    story.then("the answer is told", lambda: story.chat()[0].startswith("✓"))
    story.told |= {"own": own, "other": other, "below": below}


def _changed(story: Story) -> None:
    """Change its target: whoever carries the goal is asked, in one message; all of it is confirmed for one reason."""
    carriers = {story.told[name] for name in ("own", "other", "home")}
    story.told["before"] = datetime.now(UTC)
    before = len(story.chat())
    story.state(target=5)
    story.then("the carriers are asked", lambda: story.marked() == carriers and len(story.chat()) == before + 1)
    assert story.reviews("goal_changed") == carriers
    assert "target of" in story.chat()[-1]
    done = story.verb("review", "confirm", "--goal", "PAY-1", "--yes", "--why", "still right")
    assert done["confirmed"] == len(carriers), done
    story.then("nothing is asked", lambda: not story.marked() and story.chat()[-1].startswith("✓"))
    assert not story.reviews("goal_changed")


def _given_up(story: Story) -> None:
    """Abandon it for another one: its open work is asked about, and goes there together."""
    own, other, before = story.told["own"], story.told["other"], len(story.chat())
    story.state(target=5, status="abandoned", successor="GROW-1")
    story.then("its work is asked about", lambda: story.marked() == {own, other} and len(story.chat()) == before + 1)
    assert story.reviews("goal_closed") == {own, other}
    assert "GROW-1" in story.chat()[-1]
    story.told["between"] = datetime.now(UTC)
    moved = story.verb("review", "relink", "--goal", "PAY-1", "--successor", "--why", "PAY-1 was given up")
    assert {each["key"] for each in moved["issues"]} == {own, other}
    (home,) = story.titled("GROW-1: Faster checkout")
    story.then(
        "it serves the other",
        lambda: (
            story.jira()[own] == ("Refunds", ("goal:GROW-1",), "GROW-1", home)
            and story.github()[other] == ("Receipts", ("goal:GROW-1",))
        ),
    )
    assert not story.marked()
    assert "PAY-1" not in story.options()


def _told_afterwards(story: Story) -> None:
    """Ask what served what, and what the goal wanted: as of then, and as of now."""
    own, below = story.told["own"], story.told["below"]
    for key in (own, below):
        assert [each["key"] for each in story.verb("trace", key)["goals"]] == ["GROW-1"]
        for when in ("before", "between"):
            then = story.verb("trace", key, "--at", story.told[when].isoformat())
            assert [each["key"] for each in then["goals"]] == ["PAY-1"], (key, when)
    targets = [
        story.verb("trace", "PAY-1", "--at", story.told[when].isoformat())["goal"]["outcomes"][0]["target"]
        for when in ("before", "between")
    ]
    assert targets == [10, 5]
    assert {each["key"] for each in story.verb("trace", "GROW-1")["work"]} >= {own, below}
