"""What a team is told about one subject, free of any chat's markup; ``notify`` knows how a channel shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.text import age, one_line, priority_rank

MOST = 10
"""Lines of a list that people still read in a chat: those that matter."""

_TITLE = 140
_NOTE = 160
_ABOUT = 80
_HEADLINE = 145


class Kind(StrEnum):
    """What a message is about."""

    UNLINKED = "unlinked"
    SUSPECT = "suspect"
    CLOSED_GOAL = "closed_goal"
    CONFLICT = "conflict"
    UNKNOWN_GOAL = "unknown_goal"
    PARENT_CHANGED = "parent_changed"
    WORK_DROPPED = "work_dropped"
    """Work that a goal requires, closed without being done or deleted."""
    OVERDUE = "overdue"
    """Questions about a goal that have waited too long: what its owner hears."""
    DIGEST = "digest"
    """Lists that would have been many messages at once."""
    CONTESTED = "contested"
    """Issues on which somebody keeps undoing what we write (fault 59)."""
    HELD = "held"
    """Edits by absence that are too many at once (R2)."""
    ATTENTION = "attention"
    """What is to be set right in a tracker: a definition, a permission, a name."""
    MISSING = "missing"
    """Issues that a tracker shows no more, too many at once to be believed."""
    TRACKER = "tracker"
    """A tracker that stopped."""
    GOALS = "goals"
    """Goals that cannot be used; the last good ones stay in force."""
    MISSING_GOALS = "missing_goals"
    """Goals that their source states no more; they stay in force."""
    OUTCOMES = "outcomes"
    """Sources of outcomes that cannot be read; what they said last stays in force."""
    BACKUP = "backup"
    """A backup that could not be made."""
    NIGHTLY = "nightly"
    """The summary of one night; its ``goal`` is the local date."""


class State(StrEnum):
    """Where a message is in its episode."""

    OPEN = "open"
    RESOLVED = "resolved"
    CONTINUED = "continued"
    """A newer message of the same episode carries on."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What one living message is about; ``goal`` is a goal's key, a tracker's name or a date, empty where none is."""

    team: str
    kind: Kind
    goal: str = ""

    @property
    def key(self) -> str:
        """The subject as one stable text; also what rows of the outbox are filed under."""
        return json.dumps([self.team, str(self.kind), self.goal], ensure_ascii=False, separators=(",", ":"))


class Act(StrEnum):
    """What a button asks for."""

    LINK = "link"
    """Link the issue to the goal that the button names."""
    SEARCH = "search"
    """Open a dialog in which a goal is searched; filled in, it links."""
    EXEMPT = "exempt"
    """Open a dialog that asks why this is no goal work, and until when; filled in, it exempts."""
    CONFIRM = "confirm"
    """Say that the link is right as it is, for the goal as it was shown."""
    UNDO = "undo"
    """Take back what was decided."""


class Style(StrEnum):
    """How a button stands out."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """What a reader can do about a line by one click.

    ``value`` says about what, in at most 95 ASCII characters that only we read: with ``action`` before it, it fits into
    what any chat hands back (Discord takes 100). ``label`` is clean text of at most ``LABEL`` characters, not escaped.
    """

    action: Act
    value: str
    label: str
    style: Style = Style.PLAIN


LABEL = 75
"""Characters of a button's label (Slack; others take as many or more)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list. ``id`` is its lasting identity, ``key`` what people call it; ``since`` is when it began."""

    id: str
    key: str
    title: str
    url: str = ""
    note: str = ""
    priority: str = ""
    since: datetime | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An item as it is shown: cleaned, cut, and its age in whole days."""

    key: str
    title: str
    url: str
    note: str
    buttons: tuple[Button, ...] = ()
    """What can be done about it here; empty where the channel has no buttons."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that a message shows, free of any chat's markup. ``members`` is not shown: it tells what the list holds."""

    subject: Subject
    state: State
    headline: str
    lines: tuple[Line, ...] = ()
    decided: tuple[Line, ...] = ()
    """What people decided here lately, newest first: what and by whom is in ``note``."""
    facts: tuple[tuple[str, str], ...] = ()
    """Named figures, (name, value), for summaries."""
    changes: tuple[Changed, ...] = ()
    """What changed in the goal since links to it were confirmed, word by word, visible and short."""
    total: int = 0
    more: int = 0
    """How many of ``total`` are not among ``lines``."""
    footer: str = ""
    """What the reader can do."""
    link: str = ""
    """Where the whole list can be seen."""
    mention: str = ""
    """The one person who is to be notified, by their id in the chat; where a channel has no mentions, nobody is."""
    members: frozenset[str] = frozenset()
    thread: str = ""
    """The key of its episode's first message, for chats that thread by names; known when it is sent, and not shown."""


# --- what it says -------------------------------------------------------------------------------------------------

_OPEN: Mapping[Kind, tuple[str, str]] = {
    Kind.UNLINKED: ("1 issue serves no goal", "{n} issues serve no goal"),
    Kind.SUSPECT: ("{about} has changed: 1 issue to confirm", "{about} has changed: {n} issues to confirm"),
    Kind.CLOSED_GOAL: ("{about} is closed: 1 open issue is on it", "{about} is closed: {n} open issues are on it"),
    Kind.CONFLICT: ("1 issue has two different answers", "{n} issues have two different answers"),
    Kind.UNKNOWN_GOAL: ("1 issue names a goal that does not exist", "{n} issues name goals that do not exist"),
    Kind.PARENT_CHANGED: (
        "1 issue serves another goal since its parent changed",
        "{n} issues serve another goal since their parents changed",
    ),
    Kind.WORK_DROPPED: (
        "{about}: 1 piece of required work was dropped",
        "{about}: {n} pieces of required work were dropped",
    ),
    Kind.OVERDUE: (
        "{about}: 1 question has waited too long",
        "{about}: {n} questions have waited too long",
    ),
    Kind.DIGEST: ("1 list of questions is open", "{n} lists of questions are open"),
    Kind.CONTESTED: (
        "Somebody keeps undoing what is written on 1 issue",
        "Somebody keeps undoing what is written on {n} issues",
    ),
    Kind.HELD: ("1 link vanished in {about} and is held", "{n} links vanished at once in {about} and are held"),
    Kind.ATTENTION: ("{about}: 1 thing is to be set right", "{about}: {n} things are to be set right"),
    Kind.MISSING: (
        "Too many issues are missing from {about}: nothing is decided there",
        "Too many issues are missing from {about}: nothing is decided there",
    ),
    Kind.TRACKER: ("{about} has stopped", "{about} has stopped"),
    Kind.GOALS: ("The goals cannot be used", "The goals cannot be used"),
    Kind.MISSING_GOALS: ("1 goal is no longer stated", "{n} goals are no longer stated"),
    Kind.OUTCOMES: ("1 outcome cannot be measured", "{n} outcomes cannot be measured"),
    Kind.BACKUP: ("The database could not be backed up", "The database could not be backed up"),
    Kind.NIGHTLY: ("Goal report", "Goal report"),
}
_RESOLVED: Mapping[Kind, str] = {
    Kind.UNLINKED: "Every new issue serves a goal",
    Kind.SUSPECT: "{about}: all work has been confirmed since it changed",
    Kind.CLOSED_GOAL: "{about}: no open issue is on it any more",
    Kind.CONFLICT: "No issue has two different answers",
    Kind.UNKNOWN_GOAL: "Every goal named in an issue exists",
    Kind.PARENT_CHANGED: "All changes of parents have been looked at",
    Kind.WORK_DROPPED: "{about}: nothing that it requires is dropped",
    Kind.OVERDUE: "{about}: no question waits too long any more",
    Kind.DIGEST: "Every list in this digest is answered",
    Kind.CONTESTED: "Every issue is written to again",
    Kind.HELD: "{about}: nothing is held any more",
    Kind.ATTENTION: "{about}: nothing is left to be set right",
    Kind.MISSING: "{about} shows its issues again",
    Kind.TRACKER: "{about} works again",
    Kind.GOALS: "The goals can be used again",
    Kind.MISSING_GOALS: "Every goal in force is stated",
    Kind.OUTCOMES: "Every outcome is measured again",
    Kind.BACKUP: "The database is backed up again",
    Kind.NIGHTLY: "Goal report",
}
_FOOTER: Mapping[Kind, str] = {
    Kind.UNLINKED: "Set the goal in the issue, by field or label. Not goal work? Put the exempt label on it.",
    Kind.SUSPECT: "Still right? Take the review label off. Else set the right goal. Many at once: "
    "vindaris-sync review confirm --goal {about} --why …",
    Kind.CLOSED_GOAL: "Close the work, move it to another goal, or take the review label off to keep it there.",
    Kind.CONFLICT: "Set the goal that is right in the issue: the next change by a person wins.",
    Kind.UNKNOWN_GOAL: "Correct the key in the issue, or add the goal.",
    Kind.PARENT_CHANGED: "Right as it is? Take the review label off. Else set the right goal.",
    Kind.WORK_DROPPED: "Fine without it? vindaris-sync review confirm goal:{about}. Else reopen it, or require it "
    "under another id: then it is created anew.",
    Kind.OVERDUE: "Its owner hears of it once. To see and answer: vindaris-sync review list --goal {about}",
    Kind.DIGEST: "Told in one message, since it was much at once. To see it all: vindaris-sync review list",
    Kind.CONTESTED: "Left alone for a day. Agree on who sets it, then: vindaris-sync review resume ISSUE",
    Kind.HELD: "Nothing is changed until somebody confirms: vindaris-sync review release {about}",
    Kind.ATTENTION: "Everything else goes on. To see it all: vindaris-sync doctor",
    Kind.MISSING: "Looked for every 15 minutes. Is it right that they are gone? vindaris-sync review release {about}",
    Kind.TRACKER: "The other trackers go on. To see what is wrong: vindaris-sync doctor",
    Kind.GOALS: "The last good goals stay in force. To see what is wrong: vindaris-sync doctor",
    Kind.MISSING_GOALS: "They stay in force. State them again, or end one for good: vindaris-sync goal retire GOAL",
    Kind.OUTCOMES: "What was measured last stays. By hand: vindaris-sync outcome record METRIC VALUE",
    Kind.BACKUP: "It is tried again every hour. To try it now: vindaris-sync db backup",
    Kind.NIGHTLY: "",
}


def _headline(kind: Kind, total: int, about: str) -> str:
    words = _OPEN[kind][total != 1] if total else _RESOLVED[kind]
    return one_line(words.format(n=f"{total:,}", about=one_line(about, _ABOUT)), _HEADLINE)


def _line(item: Item, now: datetime) -> Line:
    waiting = age(now - item.since) if item.since else ""
    parts = (one_line(item.priority, 20), one_line(item.note, _NOTE), "" if waiting == "today" else waiting)
    note = " · ".join(filter(None, parts))
    return Line(one_line(item.key, 80), one_line(item.title, _TITLE), item.url.strip(), note, item.buttons)


def _order(item: Item, now: datetime) -> tuple[object, ...]:
    return priority_rank(item.priority), item.since or now, item.key


def compose(  # noqa: PLR0913 - the options only say what differs from the kind's own wording
    subject: Subject,
    items: Iterable[Item],
    now: datetime,
    *,
    members: Iterable[str] | None = None,
    about: str = "",
    footer: str = "",
    link: str = "",
    most: int = MOST,
    changes: tuple[Changed, ...] = (),
) -> Content:
    """Return the message on ``subject``: the ``most`` urgent of ``items``, who waits longest first among equals.

    ``members`` are the ids of the whole list where ``items`` is only its beginning. ``about`` names the goal (already
    rendered for the channel's audience, L9) or the tracker. Without members the message is a resolved one.
    """
    items = tuple(items)
    all_of_it = frozenset(item.id for item in items) | frozenset(members or ())
    lines = tuple(_line(item, now) for item in sorted(items, key=lambda item: _order(item, now))[:most])
    return Content(
        subject=subject,
        state=State.OPEN if all_of_it else State.RESOLVED,
        headline=_headline(subject.kind, len(all_of_it), about or subject.goal),
        lines=lines,
        changes=changes if all_of_it else (),
        total=len(all_of_it),
        more=len(all_of_it) - len(lines),
        footer=(footer or _FOOTER[subject.kind].format(about=one_line(subject.goal, _ABOUT))) if all_of_it else "",
        link=link,
        members=all_of_it,
    )


def continued(content: Content) -> Content:
    """Return what an older message of the episode shows once a newer one carries on: the headline, no list."""
    return Content(content.subject, State.CONTINUED, content.headline, link=content.link, total=content.total)


def digest(content: Content) -> str:
    """Return 32 hexadecimal digits that are equal iff two contents look the same."""
    visible = {name: value for name, value in asdict(content).items() if name not in ("members", "thread")}
    return sha256(json.dumps(visible, sort_keys=True).encode("utf-8", "backslashreplace")).hexdigest()[:32]
