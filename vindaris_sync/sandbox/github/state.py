"""The world of the sandbox's GitHub: what exists, how it is found, and how one issue changes.

Every change goes through ``change``, which keeps the document, the lists' order, the past (for a lagging index) and
``updated_at`` in step.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from copy import copy
from functools import wraps
from http import HTTPStatus
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import orjson

from vindaris_sync.sandbox.core import Clock, Delivery, Outbox, Weather, system_clock
from vindaris_sync.sandbox.github import documents
from vindaris_sync.sandbox.github.access import Account, Refused
from vindaris_sync.sandbox.github.model import (
    App,
    Board,
    Document,
    Event,
    Hook,
    Issue,
    Organisation,
    Past,
    Repository,
    Sent,
    User,
    stamp,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_ID = 5_000_000_000
FIRST_USER_ID = 90_000_000
FIRST_REPOSITORY_ID = 800_000_000
GONE = "This issue was deleted"


Act = TypeVar("Act", bound="Callable[..., Any]")


def act(method: Act) -> Act:
    """Hold the world's lock during a method of the world."""

    @wraps(method)
    def locked(self: State, *args: object, **kwargs: object) -> object:
        with self.lock:
            return method(self, *args, **kwargs)

    return cast("Act", locked)


class State:
    """Everything that exists, by its ids and names. ``tokens`` maps a token to its account.

    ``enterprise`` is the version of an Enterprise Server, ``None`` for github.com.
    """

    def __init__(self, clock: Clock = system_clock, *, enterprise: str | None = None) -> None:
        self.clock = clock
        self.enterprise = enterprise
        self.weather = Weather()
        self.lock = RLock()
        self.outbox = Outbox()
        self.site = documents.Site()
        self.tokens: dict[str, Account] = {}
        self.apps: dict[int, App] = {}
        self.users: dict[str, User] = {}
        self.organisations: dict[str, Organisation] = {}
        self.repositories: dict[int, Repository] = {}
        self.names: dict[str, int] = {}
        self.boards: dict[str, Board] = {}
        self.by_id: dict[int, tuple[int, int]] = {}
        self.by_node: dict[str, tuple[int, int]] = {}
        self._ids = count(FIRST_ID)
        self._user_ids = count(FIRST_USER_ID)
        self._repository_ids = count(FIRST_REPOSITORY_ID)

    def now(self) -> str:
        """Return the present second as GitHub prints it."""
        return stamp(self.weather.now(self.clock))

    def new_id(self) -> int:
        """Return an id that nothing else has."""
        return next(identity for identity in self._ids if identity not in self.by_id)

    def user(self, login: str) -> User:
        """Return the person of that login, who exists from the first time they are named."""
        person = self.users.get(login.casefold())
        if person is None:
            kind = "Bot" if login.endswith("[bot]") else "User"
            kind = "Organization" if login.casefold() in self.organisations else kind
            person = User(next(self._user_ids), login, kind)  # type: ignore[arg-type] # one of the three literals
            self.users[login.casefold()] = person
        return person

    def repository(self, name: str) -> Repository:
        """Return the repository that is or was called ``owner/name``; raises ``Refused`` (404) where there is none."""
        identity = self.names.get(name.casefold())
        if identity is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return self.repositories[identity]

    def issue(self, name: str, number: int) -> Issue:
        """Return an issue that exists now; raises ``Refused`` with 410 where it was deleted, else 404."""
        repository = self.repository(name)
        if number in repository.deleted:
            raise Refused(HTTPStatus.GONE, GONE)
        issue = repository.issues.get(number)
        if issue is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        return issue

    def located(self, place: tuple[int, int] | None) -> Issue | None:
        """Return the issue at a (repository id, number)."""
        return self.repositories[place[0]].issues.get(place[1]) if place else None

    def home(self, issue: Issue) -> Repository:
        """Return the issue's repository."""
        return self.repositories[issue.repository]

    def open_repository(self, owner: str, name: str) -> Repository:
        """Return a new, empty repository."""
        repository = Repository(next(self._repository_ids), owner, name, self.now())
        self.repositories[repository.id] = repository
        self.names[repository.full_name.casefold()] = repository.id
        return repository

    def insert(self, repository: Repository, document: Document) -> Issue:
        """Add an issue to its repository and to every index."""
        issue = Issue.of(repository.id, document)
        self.index(repository, issue)
        repository.orders.add(issue)
        repository.past.append(Past(stamp(self.clock()), issue.number, None))
        return issue

    def index(self, repository: Repository, issue: Issue) -> None:
        """Make an issue findable by number and ids; its place in the lists is the caller's."""
        repository.issues[issue.number] = issue
        repository.last_number = max(repository.last_number, issue.number)
        self.by_id[issue.id] = self.by_node[issue.node_id] = (repository.id, issue.number)

    def take_out(self, issue: Issue) -> None:
        """Remove an issue from its repository and every index."""
        repository = self.home(issue)
        repository.past.append(Past(stamp(self.clock()), issue.number, copy(issue)))
        repository.orders.remove(issue)
        del repository.issues[issue.number], self.by_id[issue.id], self.by_node[issue.node_id]

    def change(self, issue: Issue, edit: Callable[[Document], object], *, quiet: bool = False) -> None:
        """Apply ``edit`` to the issue's document; ``updated_at`` is the clock, unless the change is ``quiet``."""
        repository = self.home(issue)
        repository.past.append(Past(stamp(self.clock()), issue.number, copy(issue)))
        document = issue.document()
        edit(document)
        if not quiet:
            document["updated_at"] = self.now()
        fresh = Issue.of(repository.id, document)
        repository.orders.remove(issue)
        issue.updated, issue.state, issue.labels = fresh.updated, fresh.state, fresh.labels
        issue.comments, issue.doc, issue.milestone = fresh.comments, fresh.doc, fresh.milestone
        repository.orders.add(issue)

    def note(self, issue: Issue, kind: str, actor: str, **extra: object) -> None:
        """Write one line into the issue's timeline."""
        event = Event(self.new_id(), issue.number, kind, actor, self.now(), dict(extra))
        self.home(issue).events.append(event)

    def announce(self, issue: Issue, action: str, actor: str, **extra: object) -> None:
        """Queue an ``issues`` webhook at every hook of the issue's repository that asks for it."""
        repository = self.home(issue)
        self.emit(repository, "issues", actor, {"action": action, "issue": issue.document(), **extra})

    def emit(self, repository: Repository, event: str, actor: str, payload: Document) -> None:
        """Queue a webhook of any kind."""
        hooks = [hook for hook in repository.hooks if hook.active and {event, "*"} & set(hook.events)]
        if not hooks:
            return
        body = self._body(repository, actor, payload)
        for hook in hooks:
            self.send(hook, event, payload.get("action"), body)

    def ping(self, repository: Repository, hook: Hook, actor: str) -> None:
        """Queue the greeting that a new webhook's receiver gets."""
        told = {"zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": documents.hook(repository, hook)}
        self.send(hook, "ping", None, self._body(repository, actor, told))

    def send(self, hook: Hook, event: str, action: str | None, body: bytes, *, guid: str = "") -> None:
        """Queue one delivery at one webhook; ``guid``: of the one that is sent again. What became of it is kept."""
        number, again = self.new_id(), bool(guid)
        guid = guid or str(UUID(int=self.new_id()))

        def told(status: int | None, seconds: float) -> None:
            with self.lock:
                hook.sent.append(Sent(number, guid, event, action, body, self.now(), seconds, status or 0, again))

        self.outbox.put(Delivery(hook.url, self._headers(hook, event, guid, body), body, told))

    def _body(self, repository: Repository, actor: str, payload: Document) -> bytes:
        owner = self.user(repository.owner)
        whole = {
            **payload,
            "repository": documents.repository(repository, owner, {}),
            **({"organization": documents.user(owner)} if owner.type == "Organization" else {}),
            "sender": documents.user(self.user(actor)),
        }
        return self.site.render(whole)

    def _headers(self, hook: Hook, event: str, guid: str, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5a0d1b2",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid,
            "X-GitHub-Hook-ID": str(hook.id),
        }
        if hook.secret:
            digest = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature-256"] = f"sha256={digest}"
        return headers

    def rewrite(self, before: str, after: str) -> None:
        """Replace a repository's name in the URLs of every issue, as a rename does; no ``updated_at`` grows."""
        roots = (f"{documents.API}/repos/", f"{documents.WEB}/")
        old = b"|".join(re.escape(orjson.dumps(root + before)[1:-1]) for root in roots)
        pattern = re.compile(b"(?:" + old + rb')(?=[/{"])')

        def renamed(found: re.Match[bytes]) -> bytes:
            return found[0][: -len(before.encode())] + after.encode()

        for repository in self.repositories.values():
            for issue in repository.issues.values():
                issue.doc = pattern.sub(renamed, issue.doc)
