"""The GitHub connector keeps the contract, over sockets, at the sandbox's GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import pytest

from tests.contract.hooked import NOWHERE, Caught, signed
from tests.unit.connectors.github.sandboxed import API, FIELD, PERSON, TOKEN, WEB, Clock, Place, build_world
from vindaris_connectors.github.goal_settings import GithubGoalSettings
from vindaris_connectors.github.hearing import EVENTS, SIGNATURE
from vindaris_sync.domain.menus import Choice
from vindaris_sync.sandbox.faults import Fault as Injected
from vindaris_sync.sandbox.github import GitHub, World
from vindaris_sync.sandbox.github.model import Issue
from vindaris_sync.sandbox.server import Server
from vindaris_sync.sdk.contract import Ability, Connect, ConnectorContract, Fault
from vindaris_sync.sdk.goals import TrackerGoalSettings
from vindaris_sync.sdk.webhooks import Delivery

INJECTED = {
    Fault.LIMIT_WITH_RETRY_AFTER: Injected("status", status=403, headers={"Retry-After": "30"}),
    Fault.LIMIT_WITHOUT_RETRY_AFTER: Injected(
        "status", status=403, body={"message": "You have exceeded a secondary rate limit."}
    ),
    Fault.SERVER_ERROR: Injected("status", status=502),
    Fault.LOST_ANSWER: Injected("status", status=502, applied=True),
    Fault.TRUNCATED: Injected("truncate"),
    Fault.RESET: Injected("reset", applied=True),
    Fault.UNAUTHORIZED: Injected("status", status=401, body={"message": "Bad credentials"}),
    Fault.PAGE: Injected("html"),
}


class GithubTruth:
    """People's acts on the sandbox's GitHub in the words of the contract."""

    abilities = ~(Ability.MOVE | Ability.HIDE)
    faults = frozenset(Fault)
    places: Sequence[str] = (WEB, API)
    secret = TOKEN

    def __init__(self, clock: Clock, world: World, server: Server) -> None:
        self.clock = clock
        self.world = world
        self.server = server
        self.advance = clock.advance
        self.heal = server.faults.clear

    def _home(self, id_: str) -> tuple[str, int]:
        issue = self._issue(id_)
        return self.world.repositories[issue.repository].full_name, issue.number

    def _issue(self, id_: str) -> Issue:
        found = self.world.located(self.world.by_node[id_])
        assert found is not None
        return found

    def create(
        self, place: str, title: str, *, labels: Iterable[str] = (), parent: str = "", pull_request: bool = False
    ) -> str:
        """Create an issue, or load a pull request as GitHub prints it."""
        above = self._home(parent) if parent else None
        number = self.world.create_issue(place, title, actor=PERSON, labels=tuple(labels), parent=above)
        issue = self.world.issue(place, number)
        if pull_request:
            urls = {f"{kind}_url": f"https://github.com/{place}/pull/{number}" for kind in ("diff", "html", "patch")}
            asked = {"pull_request": {**urls, "url": f"https://api.github.com/repos/{place}/pulls/{number}"}}
            self.world.change(issue, lambda document: document.update(asked), quiet=True)
            issue.pull = True
        return issue.node_id

    def listen(self, secret: str) -> None:
        """Register a webhook at every repository."""
        self._caught, self._signs = Caught(), secret
        self.world.outbox = self._caught
        for place in self.places:
            self.world.add_hook(place, NOWHERE, secret=secret, events=EVENTS)

    def events(self) -> list[Delivery]:
        """Return what went out."""
        return self._caught.taken()

    def signed(self, body: bytes) -> Delivery:
        """Return ``body`` as news of an issue."""
        return signed(body, SIGNATURE, self._signs, x_github_event="issues")

    def edit_title(self, id_: str, title: str) -> None:
        """Rename the issue."""
        self.world.edit(*self._home(id_), actor=PERSON, title=title)

    def add_label(self, id_: str, label: str) -> None:
        """Put the label on."""
        self.world.add_label(*self._home(id_), label, actor=PERSON)

    def remove_label(self, id_: str, label: str) -> None:
        """Take the label off."""
        self.world.remove_label(*self._home(id_), label, actor=PERSON)

    def set_field(self, id_: str, value: str | None) -> None:
        """Set the organisation's issue field."""
        self.world.set_field(*self._home(id_), FIELD, value, actor=PERSON)

    def set_parent(self, id_: str, parent: str | None) -> None:
        """Make it a sub-issue."""
        self.world.set_parent(*self._home(id_), self._home(parent) if parent else None, actor=PERSON)

    def close(self, id_: str) -> None:
        """Close it as completed."""
        self.world.close(*self._home(id_), actor=PERSON)

    def decline(self, id_: str) -> None:
        """Close it as not planned."""
        self.world.close(*self._home(id_), actor=PERSON, reason="not_planned")

    def reopen(self, id_: str) -> None:
        """Open it again."""
        self.world.reopen(*self._home(id_), actor=PERSON)

    def move(self, id_: str, place: str) -> str:
        """Transfer it."""
        number = self.world.transfer(*self._home(id_), place, actor=PERSON)
        return self.world.issue(place, number).node_id

    def delete(self, id_: str) -> None:
        """Delete it."""
        self.world.delete_issue(*self._home(id_), actor=PERSON)

    def hide(self, id_: str) -> None:
        """Not on GitHub: only whole repositories can be hidden."""
        raise NotImplementedError

    show = hide

    def lag(self, span: timedelta) -> None:
        """Let lists show the past."""
        self.world.weather.index_lag = span

    def fail_next(self, fault: Fault, *, times: int = 1, writes_only: bool = False) -> None:
        """Arm the fault; writes are what is not a GET and not a GraphQL query."""
        injected = INJECTED[fault]
        paths = r"/(repos|repositories)/" if writes_only else None
        methods = ("POST", "PATCH", "DELETE") if writes_only else (None,)
        values = {name: getattr(injected, name) for name in ("kind", "status", "headers", "body", "applied")}
        for method in methods:
            self.server.faults.add(Injected(**values, times=times, method=method, path=paths))

    def allow_menus(self, *, allowed: bool = True) -> None:
        """Let our token write, or only read."""
        levels = {"issues": "write", "issue_fields": "admin"} if allowed else {"issues": "read", "issue_fields": "read"}
        account = self.world.tokens[TOKEN]
        account.permissions = {**account.permissions, **levels}

    def shown_choices(self) -> Mapping[str, Choice]:
        """Return the goal labels of the first repository."""
        repository = self.world.repository(WEB)
        ours = (each for each in repository.labels.values() if each.name.startswith("goal:"))
        return {
            each.name.removeprefix("goal:"): Choice(str(each.id), each.name[5:], each.description or "", each.color)
            for each in ours
        }

    def change_choice(self, value: str, changed: Choice) -> None:
        """Describe the label otherwise."""
        self.world.edit_label(WEB, f"goal:{value}", {"description": changed.description}, actor=PERSON)

    def body(self, id_: str) -> str:
        """Return the body."""
        return str(self._issue(id_).document().get("body") or "")

    def write_body(self, id_: str, text: str) -> None:
        """Write the body anew."""
        self.world.edit(*self._home(id_), actor=PERSON, body=text)

    def exchanges(self) -> int:
        """Count all requests."""
        return self.server.requests.count()

    def write_exchanges(self) -> int:
        """Count the requests that are no reads."""
        reads = self.server.requests.count(method="GET") + self.server.requests.count(path="graphql$")
        return self.server.requests.count() - reads

    def delete_label(self, label: str) -> None:
        """Delete the definition in every repository that has it."""
        for repository in self.world.repositories.values():
            if label.casefold() in repository.labels:
                self.world.delete_label(repository.full_name, label, actor=PERSON)

    def visible(self) -> set[str]:
        """Name all issues that are no pull requests."""
        with self.world.lock:
            repositories = self.world.repositories.values()
            return {issue.node_id for each in repositories for issue in each.issues.values() if not issue.pull}

    def title(self, id_: str) -> str:
        """Return the title."""
        return str(self._issue(id_).document()["title"])

    def key(self, id_: str) -> str:
        """Return the key."""
        place, number = self._home(id_)
        return f"{place}#{number}"

    def labels(self, id_: str) -> Sequence[str]:
        """Return the labels."""
        return [label["name"] for label in self._issue(id_).document()["labels"]]

    def field_value(self, id_: str) -> str | None:
        """Return the field's value."""
        values = self._issue(id_).document().get("issue_field_values") or [{"value": None}]
        return None if values[0]["value"] is None else str(values[0]["value"])


class TestGithub(ConnectorContract):
    """GitHub.com with a fine-grained token, labels and an issue field."""

    places_setting = "repositories"

    enterprise: str | None = None
    max_page: int | None = None

    @pytest.fixture
    def clock(self) -> Clock:
        """Return a clock that stands."""
        return Clock()

    @pytest.fixture
    def tracker(self, clock: Clock) -> Iterator[GithubTruth]:
        """Serve a fresh GitHub."""
        world = build_world(clock, enterprise=self.enterprise, max_page=self.max_page)
        with Server({"/github": GitHub(world)}, clock=clock) as server:
            yield GithubTruth(clock, world, server)

    @pytest.fixture
    def connect(self, tracker: GithubTruth) -> Iterator[Connect]:
        """Return how to connect to it."""
        place = Place(tracker.clock, tracker.world, tracker.server)
        surfaces = {"surfaces": (f"field:{FIELD}", "label"), "show_priority": "label:prio:"}
        yield lambda **settings: place.connect(**{"write_back": surfaces, **settings})
        for connector in place.made:
            connector.close()

    @pytest.fixture
    def goal_source(self) -> TrackerGoalSettings:
        """Return the label."""
        return GithubGoalSettings(tracker="acme-github", labels=("a-goal",))


class TestEnterpriseServer(TestGithub):
    """An Enterprise Server, whose lists go on after a cursor because they are long."""

    enterprise = "3.17.0"
    max_page = 1
