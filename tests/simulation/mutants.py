"""Fourteen realistic faults of a tracker sync, each switched on by replacing a function or two of the product.

The one place where the project replaces its own parts: the auditor must find every fault by its effects, or its silence
means nothing. A replacement whose target is gone or has other parameters is refused: no mutant becomes harmless unseen.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import wraps
from inspect import signature
from typing import Any
from zoneinfo import ZoneInfo

from vindaris_connectors.github import cursor as github_cursor
from vindaris_connectors.github import pulling as github_pulling
from vindaris_connectors.github import reading as github_reading
from vindaris_connectors.jira import changelog, jql
from vindaris_connectors.jira import mapping as jira_mapping
from vindaris_connectors.jira import pulling as jira_pulling
from vindaris_connectors.jira import writing as jira_writing
from vindaris_connectors.jira.cursor import Cursor
from vindaris_sync.domain import merge, reviews
from vindaris_sync.domain.merge import Merged, Result
from vindaris_sync.domain.models import IssueRef, Page, Presence
from vindaris_sync.engine import absence, gather, relay
from vindaris_sync.notify import http
from vindaris_sync.sdk import exchange, writing
from vindaris_sync.sdk.errors import Unknown
from vindaris_sync.sdk.protocol import OVERLAP
from vindaris_sync.store import apply, due, writebacks

Make = Callable[[Any], Any]
"""Given what is replaced, returns what takes its place."""

BERLIN = ZoneInfo("Europe/Berlin")
CROWD = 3
"""Drawn days that make up one on which mutants are hunted: 60 acts of people, 15 faults and 3 crashes."""
PAGE = 3
"""Items a page while pages end early: the simulated repositories are small."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What takes the place of ``owner.name`` while a mutant is on."""

    owner: object
    name: str
    make: Make

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Replace it while the block runs; ``AttributeError`` or ``TypeError`` where it does not fit any more."""
        if self.name not in vars(self.owner):
            raise AttributeError(f"{self.owner!r} has no {self.name} any more: the mutant would change nothing")
        original = vars(self.owner)[self.name]
        fault = self.make(original)
        if callable(original) and list(signature(original).parameters) != list(signature(fault).parameters):
            raise TypeError(f"{self.name} takes {signature(original)} now, its mutant {signature(fault)}")
        setattr(self.owner, self.name, fault)
        try:
            yield
        finally:
            setattr(self.owner, self.name, original)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: its name in the catalogue, and what the product does wrong.

    It is looked for in histories of one day of one ``tracker``, from ``seed`` on (where it was found last), and must
    be found ``within`` so many simulated days. ``trouble`` are steps that happen on them besides, to bring it out.
    """

    name: str
    wrong: str
    tracker: str
    seed: int
    within: int
    replacements: tuple[Replacement, ...]
    crowd: int = CROWD
    trouble: tuple[str, ...] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Switch the fault on while the block runs."""
        with ExitStack() as all_of_them:
            for each in self.replacements:
                all_of_them.enter_context(each.applied())
            yield


# --- reading ----------------------------------------------------------------------------------------------------------


def _cursor_first(original: Any) -> Any:
    def _changes(self: jira_pulling.Pulling, since: datetime) -> Iterator[Page]:
        reached = max(since, self.surroundings.now() - OVERLAP)
        yield Page(self.scope, (), Cursor(updated=reached).write())
        yield from original(self, since)

    return _changes


def _no_time(_: Any) -> Any:
    return timedelta()


def _nothing(original: Any) -> Any:
    @wraps(original)
    def nothing(*_: Any) -> None:
        """Ask nobody, or remember nothing."""

    return nothing


def _few(_: Any) -> Any:
    return PAGE


def _short_page_is_last(original: Any) -> Any:
    def url(answer: exchange.Answer) -> str:
        issues = [item for item in answer.json() if "pull_request" not in item]
        return str(original(answer)) if len(issues) >= PAGE else ""

    return url


def _local_time(_: Any) -> Any:
    def since(name: str, instant: datetime) -> jql.Clause:
        return jql.Clause(f'{name} >= "{instant.astimezone(BERLIN):%Y-%m-%d %H:%M}"')

    return since


def _key_is_id(original: Any) -> Any:
    def issue(self: jira_mapping.Mapper, raw: Any) -> Any:
        mapped = original(self, raw)
        return replace(mapped, ref=IssueRef(self.tracker, mapped.key))

    return issue


# --- believing --------------------------------------------------------------------------------------------------------


def _unlisted_is_gone(_: Any) -> Any:
    def _asked(context: Any, tracker: Any, addresses: Any) -> Counter[str]:
        numbers = context.store.by_id(tracker.name, [each.id for each in addresses])
        reasons = dict.fromkeys(numbers.values(), "no list shows it")
        context.store.record_absent(reasons, Presence.GONE, context.now())
        return Counter(gone=len(addresses))

    return _asked


def _latest_is_confirmed(original: Any) -> Any:
    def _confirm(link: Any, goals: Any, seen: Any) -> Any:  # noqa: ARG001 - as the original
        return original(link, goals, {link.goal: goals.goals[link.goal].revision})

    return _confirm


def _agreement_is_adoption(original: Any) -> Any:
    @wraps(original)
    def merge(*case: Any, **told: bool) -> Merged:
        merged: Merged = original(*case, **told)
        return replace(merged, result=Result.ADOPT) if merged.result is Result.AGREE else merged

    return merge


@dataclass(frozen=True, slots=True)
class _Keeping:
    """SQL that leaves rows alone which are there already."""

    sql: Any

    def many(self, text: str, values: Any) -> None:
        """Insert what is new."""
        self.sql.many(text.partition(" ON CONFLICT")[0].replace("INSERT", "INSERT OR IGNORE", 1), values)


def _old_causes_stay_closed(original: Any) -> Any:
    def open_causes(sql: Any, subject: Any, opened: Any) -> None:
        original(_Keeping(sql), subject, opened)

    return open_causes


# --- writing and telling ----------------------------------------------------------------------------------------------


def _everything_is_safe(original: Any) -> Any:
    def call(self: exchange.Policy, send: Any, *, safe: bool) -> Any:  # noqa: ARG001 - as the original
        return original(self, send, safe=True)

    return call


def _posted_again(original: Any) -> Any:
    def post(self: http.Line, url: str, body: Any, headers: Any = http._NO_HEADERS) -> Any:  # noqa: SLF001 - as the original
        try:
            return original(self, url, body, headers)
        except Unknown:
            return original(self, url, body, headers)

    return post


def _told_before_it_is_told(original: Any) -> Any:
    def _tell(  # noqa: PLR0913, PLR0917 - as the original
        context: Any, channel: Any, message: Any, rows: Any, hold: Any, now: Any
    ) -> Any:
        for row in rows:
            context.store.delivered(row)
        return original(context, channel, message, rows, hold, now)

    return _tell


def _labels_are_replaced(original: Any) -> Any:
    def put_body(edit: Any) -> dict[str, Any]:
        body: dict[str, Any] = original(edit)
        if "labels" in body.get("update", {}):
            body["update"]["labels"] = [{"set": list(edit.add)}]
        return body

    return put_body


def _anything_is_expected(_: Any) -> Any:
    def shows_expected(write: Any, shown: Any) -> bool:  # noqa: ARG001 - as the original
        return True

    return shows_expected


def _nobody_came_between(tell: Any) -> Any:
    def told(one: Any, entries: Any, me: Any, fields: Any) -> Any:
        return replace(tell(one, entries, me, fields), back=())

    return told


def _all() -> Iterable[Mutant]:
    yield Mutant(
        "cursor moved first",
        "the cursor is stored when a pull begins, so what a failing pull did not read is never read",
        "jira",
        1,
        10,
        (Replacement(jira_pulling.Pulling, "_changes", _cursor_first),),
    )
    yield Mutant(
        "no overlap",
        "a pull begins exactly at its cursor, so what an index shows late is never read",
        "jira",
        1,
        10,
        (
            Replacement(jira_pulling, "OVERLAP", _no_time),
            Replacement(github_cursor, "SETTLED", _no_time),
        ),
        crowd=1,
        trouble=("index_lag",) * 10,
    )
    yield Mutant(
        "absence taken for deletion",
        "what no list shows is taken for deleted, and nobody asks",
        "github",
        3,
        10,
        (Replacement(absence, "_asked", _unlisted_is_gone),),
    )
    yield Mutant(
        "a deleted label taken for an edit",
        "a label deleted in the settings unlinks every issue that showed it",
        "github",
        7,
        20,
        (Replacement(gather, "_find_undefined", _nothing),),
        crowd=1,
        trouble=("delete_definition",) * 3,
    )
    yield Mutant(
        "a confirmation of an unseen revision",
        "taking the review label off confirms the goal as it is now, not as the label stood for",
        "jira",
        2,
        20,
        (Replacement(reviews, "_confirm", _latest_is_confirmed),),
        trouble=("goal_change", "review_off") * 6,
    )
    yield Mutant(
        "retry of a POST",
        "a request that may have been carried out is sent once more",
        "github",
        3,
        10,
        (
            Replacement(exchange.Policy, "call", _everything_is_safe),
            Replacement(http.Line, "post", _posted_again),
        ),
    )
    yield Mutant(
        "lost outbox row",
        "an alert is taken out of the outbox before it was delivered",
        "github",
        1,
        10,
        (Replacement(relay, "_tell", _told_before_it_is_told),),
    )
    yield Mutant(
        "own echo adopted",
        "what we wrote is not remembered, and comes back as somebody's word",
        "jira",
        1,
        5,
        (
            Replacement(merge, "merge", _agreement_is_adoption),
            Replacement(writebacks, "_agree", _nothing),
            Replacement(due, "_note_sent", _nothing),
        ),
    )
    yield Mutant(
        "page filter ends paging early",
        "a page that is short because pull requests were left out is taken for the last",
        "github",
        1,
        10,
        (
            Replacement(github_reading, "PER_PAGE", _few),
            Replacement(github_pulling, "PER_PAGE", _few),
            Replacement(github_reading, "next_url", _short_page_is_last),
            Replacement(github_reading, "last_url", _short_page_is_last),
        ),
        crowd=1,
    )
    yield Mutant(
        "naive local time in JQL",
        "the cursor is written as this machine's local time, and read in the account's zone",
        "jira",
        1,
        3,
        (Replacement(jql, "since", _local_time),),
    )
    yield Mutant(
        "key instead of id as identity",
        "an issue is known by its key, which changes when it moves",
        "jira",
        1,
        3,
        (Replacement(jira_mapping.Mapper, "issue", _key_is_id),),
    )
    yield Mutant(
        "review not reopened",
        "a cause that stands again after it stood no more is not opened",
        "jira",
        1,
        10,
        (Replacement(apply, "open_causes", _old_causes_stay_closed),),
    )
    yield Mutant(
        "foreign label dropped",
        "our labels replace the set of all labels",
        "jira",
        1,
        5,
        (Replacement(jira_writing, "put_body", _labels_are_replaced),),
    )
    yield Mutant(
        "stale write accepted",
        "a write goes out though the issue no longer shows what it was decided on, and nobody looks what it replaced",
        "jira",
        1,
        30,
        (
            Replacement(writing, "shows_expected", _anything_is_expected),
            Replacement(changelog, "tell", _nobody_came_between),
        ),
        trouble=("set_field", "set_label") * 20,
    )


MUTANTS = tuple(_all())


if __name__ == "__main__":
    from tests.simulation.hunt import table  # which knows mutants

    sys.exit(table())
