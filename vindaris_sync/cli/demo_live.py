"""The demo's second half: people act, the daemon reacts, and the terminal shows both."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from threading import Event, Lock, Thread
from time import monotonic

from rich.console import Console
from rich.text import Text

from vindaris_sync.cli.demo_acts import Act, Troupe
from vindaris_sync.cli.demo_reactions import reactions
from vindaris_sync.cli.demo_stage import Stage
from vindaris_sync.cli.demo_summary import screen
from vindaris_sync.cli.exits import DONE, DRIFT
from vindaris_sync.cli.output import clean
from vindaris_sync.engine.passes import PassReport
from vindaris_sync.sandbox.slack import World as SlackWorld

PATIENCE = 45.0
"""Seconds within which every act is reacted to: polling, debounce, grace and settling add up to less than 20."""
_LOOK = 0.25
_PAUSE = (4.0, 6.0)  # long enough for the chat to follow, which is told every 5 s


def live(stage: Stage, *, acts: int, seed: int) -> int:
    """Let the daemon run and people act until a signal, or after ``acts`` acts; return the exit code.

    It is not 0 where an act was not reacted to in time.
    """
    voice = Voice(screen(), stage)
    stop, ended = Event(), Event()
    play = _Play(stage, voice, Troupe(stage, Random(seed)), stop, ended)  # noqa: S311 - what people do is no secret
    people = Thread(target=play.run, args=(acts,), name="teammates")

    def opened(page: str) -> None:
        voice.invite(page)
        people.start()

    try:
        whole = stage.app.run(stop=stop, observe=voice.observe, opened=opened)
    finally:
        ended.set()
        if people.ident:
            people.join()
    if not whole:
        voice.say("One piece of work waits for its tracker's last answer.", "dim")
    return DRIFT if play.missed else DONE


@dataclass(slots=True)
class _Play:
    """One act after another, each once the one before was reacted to."""

    stage: Stage
    voice: Voice
    troupe: Troupe
    stop: Event
    ended: Event
    missed: int = 0

    def run(self, acts: int) -> None:
        """Play until the end, or until ``acts`` acts were played."""
        count = 0
        while self._pause(self.troupe.random.uniform(*_PAUSE)) and (count < acts or not acts):
            self._play(self.troupe.next())
            count += 1
        self.stop.set()

    def _pause(self, seconds: float) -> bool:
        """Read the chat for a while; return whether the play goes on."""
        until = monotonic() + seconds
        while monotonic() < until:
            if self.ended.wait(_LOOK):
                return False
            self.voice.chat()
        return True

    def _play(self, act: Act) -> None:
        self.voice.act(act.text)
        act.do()
        until = monotonic() + PATIENCE
        while not self.ended.wait(_LOOK):
            self.voice.chat()
            if act.reacted():
                self.voice.answered(act.expected)
                return
            if monotonic() > until:
                self.missed += 1
                self.voice.say(f"          nothing happened within {PATIENCE:.0f} s: {act.expected}", "red")
                return


@dataclass(slots=True)
class Voice:
    """What the terminal shows; lines of different threads never mix."""

    console: Console
    stage: Stage
    _lock: Lock = field(default_factory=Lock)
    _chat: dict[str, tuple[int, str]] = field(default_factory=dict)
    _silent: bool = True

    def __post_init__(self) -> None:
        """Take what stands in chat already as read."""
        list(self._news(self.stage.company.slack))

    def say(self, text: str, style: str = "") -> None:
        """Print one line."""
        with self._lock:
            self.console.print(Text(clean(text, 400, strip=False), style=style))

    def invite(self, page: str) -> None:
        """Print where all this is seen in a browser, one line each, so that addresses can be opened from here."""
        site = self.stage.server.url
        channel = next(iter(self.stage.company.slack.channels.values())).name
        with self._lock:
            self.console.print(Text("Now people go on working. Ctrl-C ends it. In your browser:", style="bold"))
            for name, address, what in (
                ("inbox", f"{page}/inbox", "answer a review, with forms or keys"),
                ("jira", f"{site}/jira/", "see its label come within seconds"),
                ("github", f"{site}/github/", "as in Jira"),
                ("chat", f"{site}/slack/archives/{channel}", "see its message being edited"),
            ):
                line = Text.assemble((f"  {name:<8}", "dim"), address, (f"  {what}", "dim"))
                self.console.print(line, soft_wrap=True)
            self.console.print()

    def act(self, text: str) -> None:
        """Print who did what, and when."""
        with self._lock:
            head, _, rest = clean(text, 400).partition(" ")
            self._silent = True
            at = f"{datetime.now().astimezone():%H:%M:%S}"
            self.console.print(Text.assemble((f"{at}  ", "dim"), (head, "bold yellow"), " ", rest))

    def observe(self, report: PassReport) -> None:
        """Print what a pass did, in plain words; nothing where it did nothing."""
        lines = list(reactions(report, self.stage.app.store, self.stage.app.context.book()))
        with self._lock:
            for line in lines:
                self._silent = False
                self._reaction(line, "green")

    def answered(self, expected: str) -> None:
        """Print what was expected where it came without anything to decide: a move takes the link along."""
        with self._lock:
            if self._silent:
                self._reaction(expected, "green")

    def chat(self) -> None:
        """Print what has changed in chat since the last look."""
        with self._lock:
            for line in self._news(self.stage.company.slack):
                self._reaction(line, "magenta")

    def _reaction(self, line: str, style: str) -> None:
        self.console.print(Text.assemble(("        → ", style), clean(line, 300)), no_wrap=True, overflow="ellipsis")

    def _news(self, slack: SlackWorld) -> Iterator[str]:
        with slack.lock:
            shown = [(c.name, m.ts, len(m.edits), m.text) for c in slack.channels.values() for m in c.messages]
        for channel, ts, edits, text in shown:
            before = self._chat.get(ts)
            self._chat[ts] = (edits, text)
            if before is None or before != (edits, text):
                verb = "posted" if before is None else "edited in place"
                yield f"#{channel}: message {verb}: {html.unescape(text.partition(chr(10))[0])}"
