"""From a click in a chat to a decision: who may, what is asked first, what is kept, and what everybody is told.

A decision is one transaction with the announcement of the lists that it changes. The answer is due within three
seconds and waits for no tracker and no message: those follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from vindaris_sync.domain.actions import Announce
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.messages import Act
from vindaris_sync.domain.records import Record
from vindaris_sync.domain.text import counted, one_line
from vindaris_sync.domain.visibility import as_told
from vindaris_sync.engine.answering import Answers, Decided, Overtaken
from vindaris_sync.engine.buttons import Meant, choice_of, chosen, mark_of, meant, named
from vindaris_sync.engine.context import Context
from vindaris_sync.engine.overtaken import refuse_if_overtaken
from vindaris_sync.engine.telling import telling_of
from vindaris_sync.notify.hearing import (
    Choice,
    Click,
    Dialog,
    Field,
    Found,
    Greeting,
    Heard,
    Hearing,
    Input,
    Reply,
    Search,
    Settled,
    Taken,
    Told,
    Wrong,
)
from vindaris_sync.notify.protocol import ChannelUnusable
from vindaris_sync.sdk.errors import Refusal, Transient, VindarisError

log = structlog.get_logger("vindaris_sync.clicks")

HOW = "chat"
"""By which means, in the history."""
_LONGEST_WHY = 300
_FOUND = 20
_DAYS = (14, 30, 90, 180)
_NOT_ALLOWED = "You may not decide here: ask one of those who may (deciders). Nothing was changed."
_NOT_KNOWN = "Who may decide here cannot be looked up at the moment. Nothing was changed; try again in a minute."
_NOT_OURS = "This button is of a list that is no more. Nothing was changed."
_BROKEN = "This did not work, and the daemon's log says why. Nothing was changed."
_TOO_SLOW = "The dialog could not be opened in time. Nothing was changed; press the button again."


@dataclass(frozen=True, slots=True)
class Clicks:
    """Answers what is heard in chats; safe to use from several threads."""

    context: Context
    answers: Answers

    def take(self, hearing: Hearing, heard: Heard) -> Taken:
        """Return what the chat is answered, and what is to be done once it is. Raises nothing: a defect is told."""
        try:
            reply = self._reply(hearing, heard)
        except VindarisError as error:
            log.warning("a click failed", channel=hearing.name, error=str(error), advice=error.advice)
            reply = Told(_BROKEN)
        except Exception:
            log.exception("defect", work=f"clicks {hearing.name}")
            reply = Told(_BROKEN)
        return Taken(hearing.acknowledged(heard, reply), lambda: self._after(hearing, heard, reply))

    def _after(self, hearing: Hearing, heard: Heard, reply: Reply | None) -> None:
        if reply is None:
            return
        try:
            hearing.follow(heard, reply)
        except (Transient, ChannelUnusable) as error:
            log.warning("an answer did not arrive", channel=hearing.name, error=str(error), advice=error.advice)
            if isinstance(reply, Dialog):
                self._after(hearing, heard, Told(_TOO_SLOW))

    def _reply(self, hearing: Hearing, heard: Heard) -> Reply | None:
        if isinstance(heard, Greeting):
            return None
        try:
            may = hearing.may_decide(heard.channel, heard.who)
        except (Transient, ChannelUnusable) as error:
            log.warning("deciders unknown", channel=heard.channel, error=str(error), advice=error.advice)
            return Told(_NOT_KNOWN)
        if not may:
            return Told(_NOT_ALLOWED)
        if isinstance(heard, Search):
            return self._found(heard)
        return self._undone(hearing, heard) if heard.action is Act.UNDO else self._clicked(hearing, heard)

    def _clicked(self, hearing: Hearing, click: Click) -> Reply:
        """Decide, or ask what has to be asked first."""
        if (found := meant(click.value)) is None or (record := self._record(found)) is None:
            return Told(_NOT_OURS)
        by = By(f"{click.who.name} ({hearing.chat})", HOW, _why(click), self.context.now())
        try:
            if click.given is None and click.action in _DIALOGS:
                refuse_if_overtaken(self.context.store, record, self.context.book(), found.seen, by.at)
                return self._dialog(click, record)
            return self._kept(click, found, record, by)
        except Overtaken as error:
            return Told(_sentence(error))
        except Refusal as error:
            asked = "goal" if click.action is Act.SEARCH else "reason"
            return Told(_sentence(error)) if click.given is None else Wrong(asked, _sentence(error))

    def _record(self, found: Meant) -> Record | None:
        """Return the issue that is meant; None where the numbers mean another one by now."""
        record = self.context.store.view_records([found.issue]).get(found.issue)
        return record if record and mark_of(record, self.context.book(), found.goal) == found.mark else None

    # --- deciding -------------------------------------------------------------------------------------------------

    def _kept(self, click: Click, found: Meant, record: Record, by: By) -> Settled:
        """Decide; the lists on which the issue stands are told in the same transaction."""
        with self.context.store.transaction():
            decided = self._decide(click, found, record, by)
            self.context.store.announce(*_lists(record, by), now=by.at)
        self.context.nudges.decided(record.ref.tracker)
        log.info("decided", channel=click.channel, issue=str(record.ref), act=str(click.action), who=by.who)
        return Settled(f"{record.key}: {', '.join(decided.after) or 'no link'}")

    def _decide(self, click: Click, found: Meant, record: Record, by: By) -> Decided:
        given, book = click.given or {}, self.context.book()
        name, seen, key = str(record.ref), found.seen, click.id
        match click.action:
            case Act.CONFIRM:
                return self.answers.confirm(name, by, seen=seen, key=key)
            case Act.EXEMPT:
                days = given.get("days", "")
                until = by.at + timedelta(days=int(days)) if days.isdecimal() and len(days) < 5 else None  # noqa: PLR2004 - years
                return self.answers.exempt(name, by, until=until, seen=seen, key=key)
            case Act.LINK:
                return self.answers.link(name, [book.goals[found.goal].key], by, accepted=True, seen=seen, key=key)
            case _:
                return self.answers.link(name, [chosen(given.get("goal", ""), book)], by, seen=seen, key=key)

    def _undone(self, hearing: Hearing, click: Click) -> Reply:
        if not click.value.isdecimal():
            return Told(_NOT_OURS)
        by = By(f"{click.who.name} ({hearing.chat})", HOW, "", self.context.now())
        try:
            with self.context.store.transaction():
                done = self.answers.undo(int(click.value), by)
                records = self.context.store.view_records(self._numbers(done.decided))
                for record in records.values():
                    self.context.store.announce(*_lists(record, by), now=by.at)
        except Refusal as error:
            return Told(_sentence(error))
        if done.refused:
            return Told(" ".join(map(_sentence, done.refused)))
        for record in records.values():
            self.context.nudges.decided(record.ref.tracker)
        return Settled("taken back")

    def _numbers(self, decided: tuple[Decided, ...]) -> list[int]:
        named = [each.issue.partition(":") for each in decided]
        return list(self.context.store.numbers((tracker, ext) for tracker, _, ext in named).values())

    # --- asking ---------------------------------------------------------------------------------------------------

    def _dialog(self, click: Click, record: Record) -> Dialog:
        about = one_line(f"{record.key}  {record.title}", 300)
        why = Field("why", "Why? (kept in the history)", Input.TEXT, needed=False, longest=_LONGEST_WHY)
        if click.action is Act.SEARCH:
            goal = Field("goal", "Goal", Input.SEARCH)
            return Dialog(click.action, click.value, "Which goal?", about, "Link", (goal, why))
        usual = self.answers.exempt_time(record.ref.tracker).days
        choices = tuple(Choice(str(days), f"in {counted(days, 'day')}") for days in sorted({*_DAYS, usual}))
        until = Field("days", "Ask again", Input.CHOICE, choices, str(usual))
        reason = Field("reason", "Why is it no goal work?", Input.TEXT, longest=_LONGEST_WHY)
        return Dialog(click.action, click.value, "Not goal work?", about, "Exempt", (reason, until))

    def _found(self, search: Search) -> Found:
        """Return goals, as the readers of the channel may see them."""
        team = next((each for each in self.context.teams.teams.values() if each.channel == search.channel), None)
        told, book = telling_of(self.context, team) if team else as_told, self.context.book()
        found = self.context.candidates.search(search.text, _FOUND)
        return Found(tuple(Choice(choice_of(book.goals[each.goal]), named(each, told)) for each in found))


_DIALOGS = (Act.SEARCH, Act.EXEMPT)


def _why(click: Click) -> str:
    given: Mapping[str, str] = click.given or {}
    return one_line(given.get("reason") or given.get("why") or "", _LONGEST_WHY)


def _lists(record: Record, by: By) -> list[Announce]:
    """Return the announcements of the lists on which the issue stands for its open questions."""
    asked = {(cause.key.reason, cause.key.subject) for cause in record.causes if cause.surface_at is not None}
    return [Announce(record.ref.tracker, record.place, reason, subject, by.at) for reason, subject in sorted(asked)]


def _sentence(error: VindarisError) -> str:
    return one_line(f"{error} ({error.advice})" if error.advice else str(error), 500)
