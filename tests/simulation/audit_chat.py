"""What teams see: one unresolved message for each list that is not empty, with that list in it, and no other (L8)."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.truth import Row, Scene, Violation

if TYPE_CHECKING:
    from vindaris_sync.sandbox.slack import Message

SHOWN = 10
"""Lines of a list that a message shows."""
_JUST_NOW = 60 * 60 * 1_000_000
"""Microseconds that a message may come after its list has changed: two ticks of a quiet night."""
_COUNT = r"(?P<count>[\d,]+)"
_ABOUT = r"(?P<about>\S+).*?"
_HEADLINES: Mapping[str, re.Pattern[str]] = {
    "unlinked": re.compile(rf"{_COUNT} issues? serves? no goal"),
    "goal_changed": re.compile(rf"{_ABOUT} has changed: {_COUNT} issues? to confirm"),
    "goal_closed": re.compile(rf"{_ABOUT} is closed: {_COUNT} open issues? (?:is|are) on it"),
    "conflict": re.compile(rf"{_COUNT} issues? (?:has|have) two different answers"),
    "unknown_goal": re.compile(rf"{_COUNT} issues? names? (?:a goal that does not exist|goals that do not exist)"),
    "parent_changed": re.compile(rf"{_COUNT} issues? serves? another goal since (?:its parent|their parents) changed"),
    "held": re.compile(rf"{_COUNT} links? vanished .*"),
    "tracker": re.compile(rf"{_ABOUT} has stopped"),
    "goals": re.compile(r"The goals cannot be used"),
    "missing_goals": re.compile(rf"{_COUNT} goals? (?:is|are) no longer stated"),
}
_OF_GOALS = ("goal_changed", "goal_closed")
_ENDED = ("✓ ", "↓ ")
"""How a message begins that is resolved, or that a newer one continues."""

Subject = tuple[str, str, str]
"""A channel, what is asked, and the key of the goal that it is asked about, or empty."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An unresolved message: what it is about, how many it counts, and the keys on it."""

    subject: Subject
    count: int
    keys: tuple[str, ...]


def tellings(scene: Scene) -> Iterator[Telling]:
    """Yield what the channels' unresolved messages say."""
    for channel in scene.site.slack.channels.values():
        for message in channel.messages:
            headline, *lines = html.unescape(message.text).split("\n")
            if headline.startswith(_ENDED):
                continue
            for kind, pattern in _HEADLINES.items():
                if found := pattern.fullmatch(headline):
                    parts = found.groupdict()
                    keys = tuple(line[2:].partition(" ")[0] for line in lines if line.startswith("• "))
                    subject = (channel.name, kind, parts.get("about") or "")
                    yield Telling(subject, int((parts.get("count") or "1").replace(",", "")), keys)


def wanted(scene: Scene) -> dict[Subject, set[str]]:
    """Return, by subject, the keys of the issues that teams are to be asked about now."""
    found: dict[Subject, set[str]] = {}
    for row in scene.books["issue"]:
        channel = _channel(scene, row)
        for cause in scene.causes[row["id"]]:
            if cause["reason"] in _HEADLINES and _tells(row, cause, scene.now):
                goal = scene.goals[int(cause["subject"])]["key"] if cause["reason"] in _OF_GOALS else ""
                found.setdefault((channel, cause["reason"], goal), set()).add(row["key"])
    return found


def _tells(row: Row, cause: Row, now: int) -> bool:
    at = cause["surface_at"]
    unread = cause["reason"] == "unlinked" and row["parent_unknown"]
    if row["closed"] or row["presence"] != "present":
        return False  # nobody is alerted about what is closed or cannot be seen
    return bool(cause["is_open"] and cause["answer"] is None and at is not None and at <= now and not unread)


def _channel(scene: Scene, row: Row) -> str:
    """Return the channel of the team that is configured for the issue's place, whatever that is called now.

    A place that no team names is asked of the tracker's first team.
    """
    tracker, place = row["tracker"], row["place"]
    for act in reversed(scene.site.journal.acts):
        if act.kind == "rename_repository" and (act.tracker, act.detail["new"]) == (tracker, place):
            place = act.detail["place"]
    teams = scene.site.teams
    first = next(team for scope, team in teams.items() if scope.partition(":")[0] == tracker)
    return scene.site.channels[teams.get(f"{tracker}:{place}", first)]


def teams_see_their_lists(scene: Scene) -> Iterator[Violation]:
    """L8: one unresolved message for each list that is not empty, with the whole list, and none for an empty one."""
    if scene.site.clock.error != timedelta():
        return  # what time alone brings about waits while the clocks contradict each other
    lists, seen = wanted(scene), list(tellings(scene))
    fresh = _just_changed(scene)
    times = Counter(each.subject for each in seen)
    deleted = _deleted(scene)
    for subject, keys in lists.items():
        if not times[subject] and subject not in fresh | deleted:
            yield Violation("L8", _named(subject), f"nobody is told of {sorted(keys)}")
    for each in seen:
        if times[each.subject] > 1:
            yield Violation("L8", _named(each.subject), f"{times[each.subject]} unresolved messages")
        if each.subject[1] in _REASONED and each.subject not in fresh:
            yield from _as_it_is(scene, each, lists.get(each.subject, set()))


def _deleted(scene: Scene) -> set[Subject]:
    """Return the subjects whose message a person has deleted: it is posted anew when its list changes, or next day."""
    found: set[Subject] = set()
    if not any(act.kind == "fault:message_deleted" for act in scene.site.journal.acts):
        return found
    for row in scene.books["message"]:
        team, kind, about = json.loads(row["subject"])
        channel = scene.site.slack.channels[scene.site.channels[team]]
        stamp = json.loads(row["living"])["reference"].partition(":")[2]
        if stamp and all(message.ts != stamp for message in channel.messages):
            found.add((channel.name, _KINDS.get(kind, kind), about))
    return found


_KINDS = {"suspect": "goal_changed", "closed_goal": "goal_closed"}
_REASONED = ("unlinked", "goal_changed", "goal_closed", "conflict", "unknown_goal", "parent_changed")


def _as_it_is(scene: Scene, telling: Telling, keys: set[str]) -> Iterator[Violation]:
    held = {row["key"] for row in scene.books["issue"]}
    told = {key for key in telling.keys if key in held}  # a place that has just got another name is told under the old
    if telling.count != len(keys):
        yield Violation("L8", _named(telling.subject), f"it tells of {telling.count}, the list has {len(keys)}")
    elif not told <= keys or len(telling.keys) != min(len(keys), SHOWN):
        yield Violation("L8", _named(telling.subject), f"it shows {sorted(telling.keys)}, the list is {sorted(keys)}")


def _just_changed(scene: Scene) -> set[Subject]:
    """Return the subjects whose list has changed within the last hour: they may be told in the next."""
    found = set()
    for row in scene.books["issue"]:
        for cause in scene.causes[row["id"]]:
            moments = (cause["surface_at"], cause["answered_at"], cause["opened"])
            if any(at is not None and scene.now - _JUST_NOW < at <= scene.now for at in moments):
                goal = scene.goals[int(cause["subject"])]["key"] if cause["reason"] in _OF_GOALS else ""
                found.add((_channel(scene, row), cause["reason"], goal))
    return found


def _named(subject: Subject) -> str:
    channel, kind, goal = subject
    return f"#{channel} {kind} {goal}".strip()


def nothing_is_said_twice(scene: Scene) -> Iterator[Violation]:
    """L8: no message was sent twice, but for one that says of itself that it may repeat another."""
    for channel in scene.site.slack.channels.values():
        keys = Counter(key for message in channel.messages if (key := _key(message)) and not _marked(message))
        for key, count in keys.items():
            if count > 1:
                yield Violation("L8", f"#{channel.name}", f"{count} messages are the same one ({key})")


def _key(message: Message) -> str:
    return str((message.metadata.get("event_payload") or {}).get("key", ""))


def _marked(message: Message) -> bool:
    """Whether a message says, now or in an earlier version, that it may repeat another."""
    return "may repeat" in json.dumps([message.blocks, message.edits])


def nothing_waits_to_be_told(scene: Scene) -> Iterator[Violation]:
    """L8: what was to be told by now is out of the outbox."""
    for row in scene.books["outbox"]:
        if row["due_at"] <= scene.now - _JUST_NOW:
            yield Violation("L8", f"outbox {row['subject']}", f"it waits: {row['last_error']}")


def nothing_is_sent_blindly_again(scene: Scene) -> Iterator[Violation]:
    """L3: a write that may have been carried out is not sent again before it was looked at."""
    last: dict[tuple[str, str, str, bytes], bool] = {}
    for sent in scene.site.requests:
        what = (sent.service, sent.method, sent.path, sent.body)
        if _asks(sent.method, sent.path):
            for each in [each for each in last if each[0] == sent.service]:
                last[each] = False
            continue
        if last.get(what):
            yield Violation("L3", f"{sent.service} {sent.method} {sent.path}", "sent again, though it may have worked")
        lost = sent.status == 0 or sent.status >= _SERVER_ERROR
        last[what] = lost and not _harmless(sent.method, sent.path)


_SERVER_ERROR = 500
_QUESTIONS = ("/search/jql", "/search", "/bulkfetch", "/graphql", "/permissions/check", "/approximate-count")
"""POST requests that change nothing."""


def _asks(method: str, path: str) -> bool:
    return method == "GET" or path.partition("?")[0].endswith(_QUESTIONS)


def _harmless(method: str, path: str) -> bool:
    """Whether doing it twice is the same as doing it once."""
    return method in {"PUT", "DELETE"} or path.endswith("chat.update")


CHECKS = (teams_see_their_lists, nothing_is_said_twice, nothing_waits_to_be_told, nothing_is_sent_blindly_again)
