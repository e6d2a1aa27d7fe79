"""A sandbox Jira site in the words of the contract: people's acts, faults on the wire, and what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

from tests.contract.hooked import NOWHERE, Caught, signed
from vindaris_connectors.jira.atlassian_goals import AtlassianGoalSettings
from vindaris_connectors.jira.connector import JiraConnector
from vindaris_connectors.jira.hearing import SIGNATURE
from vindaris_connectors.jira.settings import JiraSettings
from vindaris_sync.domain.menus import Choice
from vindaris_sync.sandbox import faults as sandbox
from vindaris_sync.sandbox.core import Service
from vindaris_sync.sandbox.jira import Jira, JiraCloud, JiraDataCenter, Person, World
from vindaris_sync.sandbox.jira.model import Issue
from vindaris_sync.sandbox.jira.people import create
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sdk.contract import Ability, Fault
from vindaris_sync.sdk.protocol import Surroundings
from vindaris_sync.sdk.secret import Secret
from vindaris_sync.sdk.settings import WriteBackSettings
from vindaris_sync.sdk.webhooks import Delivery

BOT = "bot@acme.example"
TOKEN = "token-of-the-bot-0815"
OPTIONS = ("G-1", "G-2", "G-3", "G-9")

_STRIKES: dict[Fault, dict[str, object]] = {
    Fault.LIMIT_WITH_RETRY_AFTER: {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    Fault.LIMIT_WITHOUT_RETRY_AFTER: {"kind": "status", "status": 429},
    Fault.SERVER_ERROR: {"kind": "status", "status": 500},
    Fault.LOST_ANSWER: {"kind": "status", "status": 503, "applied": True},
    Fault.TRUNCATED: {"kind": "truncate"},
    Fault.RESET: {"kind": "reset", "applied": True},
    Fault.UNAUTHORIZED: {"kind": "status", "status": 401},
    Fault.PAGE: {"kind": "html"},
}
_WRITES = (("PUT", r"/issue/\d+$"), ("POST", r"/issue$"), ("POST", r"/bulk/issues/fields$"), ("POST", r"/option$"))


class Time:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Pass without waiting."""
        self.now += timedelta(seconds=seconds)


class JiraTruth:
    """One site with two projects, a select field *Goal* and a bot; people's acts are alice's."""

    faults = frozenset(Fault)
    secret = TOKEN
    abilities = (
        Ability.FIELD
        | Ability.HIERARCHY
        | Ability.MOVE
        | Ability.DELETE
        | Ability.TELLS_DELETION
        | Ability.INDEX_LAG
        | Ability.SECRET
        | Ability.WEBHOOKS
    )
    """No HIDE: to a 404 Jira adds nothing, so an issue hidden by its security level looks deleted."""
    places: Sequence[str] = ("APP", "OPS")
    kind: type[JiraConnector] = JiraConnector
    """What is tried: a flawed one, where the contract itself is."""

    def __init__(self, *, cloud: bool, around: Callable[[Jira], Service] | None = None) -> None:
        """``around`` puts something between the wire and the service: a recorder, a meddler."""
        self.cloud = cloud
        self.time = Time()
        self.world = World(self.time)
        for key in self.places:
            self.world.add_project(key)
        self.goal = self.world.add_field("Goal", options=OPTIONS)
        self.account = self.world.add_account(TOKEN, BOT)
        self.alice = Person(self.world, self.world.user("alice"))
        self.service = JiraCloud(self.world) if cloud else JiraDataCenter(self.world)
        self._caught, self._signs = Caught(), ""
        self.service.outbox = self._caught
        served = around(self.service) if around else self.service
        self.server = Server({"/jira": served}, clock=self.time)

    def listen(self, secret: str) -> None:
        """Register a webhook as an administrator does."""
        self._signs = secret
        self.service.add_hook(NOWHERE, secret)

    def events(self) -> list[Delivery]:
        """Return what went out."""
        return self._caught.taken()

    def signed(self, body: bytes) -> Delivery:
        """Return ``body`` as Jira signs it."""
        return signed(body, SIGNATURE, self._signs)

    @contextmanager
    def serving(self) -> Iterator[JiraTruth]:
        """Serve over real sockets meanwhile."""
        with self.server:
            yield self

    def connect(
        self, name: str = "jira-main", *, in_flight: int = 4, clock_away: timedelta = timedelta(), **settings: object
    ) -> JiraConnector:
        """Return a connector whose clock is ``clock_away`` from the site's; ``settings`` replace single settings."""
        given = {
            "url": f"{self.server.url}/jira",
            "email": BOT if self.cloud else "",
            "token": Secret(TOKEN),
            "projects": list(self.places),
            "write_back": WriteBackSettings(surfaces=("field:Goal", "label"), show_priority="label:prio:"),
            **settings,
        }
        around = Surroundings(
            now=lambda: self.time.now + clock_away,
            sleep=self.time.sleep,
            random=Random(1),  # noqa: S311 - spreads retries
            in_flight=in_flight,
        )
        return self.kind(name, JiraSettings.model_validate(given), around)

    # People's acts

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self.time.now += span

    def create(
        self,
        place: str,
        title: str,
        *,
        labels: Iterable[str] = (),
        parent: str = "",
        pull_request: bool = False,  # noqa: ARG002 - Jira has none
    ) -> str:
        """Create an epic, or a task below one; past the checks of Jira's form, as imports do."""
        with self.world.lock:
            values = {
                "summary": title,
                "labels": tuple(labels),
                "issuetype": self.world.type("Task" if parent else "Epic"),
                "parent": int(parent) if parent else None,
            }
            project = self.world.project(place)
            assert project is not None
            return str(create(self.world, project, values, self.alice.user).state.id)

    def edit_title(self, id_: str, title: str) -> None:
        """Change the title."""
        with self.world.lock:
            self.world.change(self.issue(id_), self.alice.user, {"summary": title})

    def add_label(self, id_: str, label: str) -> None:
        """Put a label on."""
        self.alice.add_label(id_, label)

    def remove_label(self, id_: str, label: str) -> None:
        """Take a label off."""
        self.alice.remove_label(id_, label)

    def set_field(self, id_: str, value: str | None) -> None:
        """Set or empty the field."""
        self.alice.set_field(id_, "Goal", value)

    def set_parent(self, id_: str, parent: str | None) -> None:
        """Hang the issue elsewhere."""
        self.alice.set_parent(id_, self.key(parent) if parent else None)

    def close(self, id_: str) -> None:
        """Close the issue."""
        self.alice.close(id_)

    def decline(self, id_: str) -> None:
        """Close the issue as one that will not be done."""
        self.alice.close(id_, "Won't Do")

    def reopen(self, id_: str) -> None:
        """Open it again."""
        self.alice.reopen(id_)

    def move(self, id_: str, place: str) -> str:
        """Move the issue; its id stays."""
        self.alice.move(id_, place)
        return id_

    def delete(self, id_: str) -> None:
        """Delete the issue."""
        self.alice.delete_issue(id_)

    def hide(self, id_: str) -> None:
        """Hide the project that the issue is in."""
        self.alice.hide_project(self.issue(id_).state.project.key, TOKEN)

    def show(self, id_: str) -> None:
        """Show it again."""
        self.alice.show_project(self.issue(id_).state.project.key, TOKEN)

    def lag(self, span: timedelta) -> None:
        """Let searches show the past."""
        self.service.weather.index_lag = span

    def delete_label(self, label: str) -> None:
        """Jira defines no labels."""
        raise NotImplementedError(label)

    def allow_menus(self, *, allowed: bool = True) -> None:
        """Make the bot an administrator, or no more."""
        self.account.admin = allowed

    def shown_choices(self) -> Mapping[str, Choice]:
        """Return the field's options."""
        options = self.goal.contexts[0].options
        return {o.value: Choice(o.id, o.value, enabled=not o.disabled) for o in options}

    def change_choice(self, value: str, changed: Choice) -> None:
        """Disable the option, or offer it again."""
        option = next(each for each in self.goal.contexts[0].options if each.value == value)
        option.disabled = not changed.enabled

    def body(self, id_: str) -> str:
        """Return the description as wiki text."""
        return str(self.issue(id_).state.values.get("description") or "")

    def write_body(self, id_: str, text: str) -> None:
        """Write the description anew."""
        self.alice.edit(id_, description=text)

    # Goals beside the site

    def linked_source(self) -> AtlassianGoalSettings | None:
        """Return Atlassian Goals, which Cloud has."""
        return AtlassianGoalSettings(tracker="jira-main", write_links=True) if self.cloud else None

    def make_goal(self) -> str:
        """Make one."""
        return self.world.goals.create("Grow").id

    def drop_goal(self, goal: str) -> None:
        """Delete one."""
        self.world.goals.delete(self.world.goals.goals[goal])

    def items(self, goal: str) -> list[str]:
        """Return what is linked to it."""
        return list(map(str, self.world.goals.goals[goal].items))

    def put_item(self, goal: str, id_: str) -> None:
        """Link it."""
        self.world.goals.link(self.world.goals.goals[goal], id_)

    # Faults and counts

    def fail_next(self, fault: Fault, *, times: int = 1, writes_only: bool = False) -> None:
        """Let requests fail."""
        targets: Iterable[tuple[str | None, str | None]] = _WRITES if writes_only else ((None, None),)
        for method, path in targets:
            strike = {**_STRIKES[fault], "method": method, "path": path, "times": times}
            self.server.faults.add(sandbox.Fault.of(strike))

    def heal(self) -> None:
        """Forget faults."""
        self.server.faults.clear()

    def exchanges(self) -> int:
        """Count all requests."""
        return self.server.requests.count()

    def write_exchanges(self) -> int:
        """Count the requests that could change something."""
        posts = self.server.requests.count(method="POST", path=r"/(issue|bulk/issues/fields|option)$")
        return posts + self.server.requests.count(method="PUT")

    # The truth

    def issue(self, id_: str) -> Issue:
        """Return the world's issue."""
        found = self.world.find(id_)
        assert found is not None
        return found

    def visible(self) -> set[str]:
        """Name what the bot sees."""
        with self.world.lock:
            return {str(id_) for id_, issue in self.world.issues.items() if self.world.visible(issue, self.account)}

    def title(self, id_: str) -> str:
        """Return the title."""
        return str(self.issue(id_).state.values["summary"])

    def key(self, id_: str) -> str:
        """Return the key."""
        return self.issue(id_).state.key

    def labels(self, id_: str) -> Sequence[str]:
        """Return the labels."""
        return self.issue(id_).state.labels

    def field_value(self, id_: str) -> str | None:
        """Return the field's option."""
        option = self.issue(id_).state.values.get(self.goal.id)
        return option.value if option else None
