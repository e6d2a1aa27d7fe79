"""How we behave towards one tracker: its credential's governor, its breaker, a pause, and how urgent is what we ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from threading import Lock

from vindaris_sync.sdk.breaker import Breaker, Phase
from vindaris_sync.sdk.clock import Steady
from vindaris_sync.sdk.errors import NotNow
from vindaris_sync.sdk.governor import Governor, Urgency


class Conduct:
    """Shared by a tracker's connector, which asks before each request, and the engine, which knows how passes end.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self.governor: Governor | None = None
        """That of the credential, as soon as the connector's policy has taken one."""
        self.requests = 0
        """Exchanges since the process started."""
        self._breaker = Breaker()
        self._proved = False
        self._paused = ""
        self._urgent: list[Urgency] = []
        self._probing = Lock()
        self._state = Lock()
        self._steady = Steady()

    # --- how urgent it is -----------------------------------------------------------------------------------------

    @contextmanager
    def urgent(self, urgency: Urgency) -> Iterator[None]:
        """Say how urgent is what is asked meanwhile: it may use more of what is kept free."""
        with self._state:
            self._urgent.append(urgency)
        try:
            yield
        finally:
            with self._state:
                self._urgent.remove(urgency)

    @property
    def urgency(self) -> Urgency:
        """How urgent is what is asked now."""
        with self._state:
            return max(self._urgent, default=Urgency.BACKGROUND)

    def sent(self) -> None:
        """Count an exchange."""
        with self._state:
            self.requests += 1

    # --- a person's word ------------------------------------------------------------------------------------------

    @property
    def paused(self) -> str:
        """Why nothing is to be asked of the tracker, as a person said; empty where it is asked as usual."""
        with self._state:
            return self._paused

    def pause(self, why: str) -> None:
        """Send nothing more from the next request on, for the reason that a person gave; empty: go on."""
        with self._state:
            self._paused = why

    # --- the breaker ----------------------------------------------------------------------------------------------

    @property
    def breaker(self) -> Breaker:
        """The breaker as it is now."""
        with self._state:
            return self._breaker

    @contextmanager
    def admitted(self, now: Callable[[], datetime]) -> Iterator[bool]:
        """Let a call pass; yields whether it is the probe, which is sent once and decides (``proved``, ``failed``).

        Raises ``NotNow`` while the tracker is paused or the breaker is open. While a probe is under way, others wait
        for what it shows.
        """
        if self._passes(now()):
            yield False
            return
        with self._probing:
            yield not self._passes(now())

    def _passes(self, now: datetime) -> bool:
        """Return whether a call needs no probe; a person's request may be the probe before its time."""
        if paused := self.paused:
            raise NotNow(paused)
        self._follow(now)
        with self._state:
            breaker, proved, person = self._breaker, self._proved, Urgency.PERSON in self._urgent
        phase = breaker.phase(now)
        if proved or phase is Phase.CLOSED:
            return True
        if phase is Phase.OPEN and breaker.until is not None and not person:
            raise NotNow("it has failed again and again, and is left alone", retry_after=breaker.until - now)
        return False

    def proved(self) -> None:
        """Note that the probe was answered: the pass goes on."""
        with self._state:
            self._proved = True

    def _follow(self, now: datetime) -> None:
        """Rest no longer than was meant where our clock was set back (fault 14)."""
        with self._state:
            if (back := self._steady.back(now)) and self._breaker.until:
                self._breaker = replace(self._breaker, until=self._breaker.until - back)

    def failed(self, now: datetime) -> None:
        """Note that a probe or a pass failed without an answer of use; what fails while it is open counts once."""
        self._follow(now)
        with self._state:
            if self._proved or self._breaker.phase(now) is not Phase.OPEN:
                self._breaker = self._breaker.failed(now)
            self._proved = False

    def succeeded(self) -> None:
        """Note that the tracker has answered a whole pass: the breaker is closed."""
        with self._state:
            self._breaker, self._proved = Breaker(), False

    # --- what follows ---------------------------------------------------------------------------------------------

    def restore(self, breaker: Breaker, now: datetime) -> None:
        """Go on where another process has stopped; the clock may be set back before anything is asked."""
        with self._state:
            self._breaker = breaker
            self._steady.back(now)

    def rests_until(self, now: datetime, urgency: Urgency = Urgency.BACKGROUND) -> datetime | None:
        """Return until when nothing as urgent would be sent; None where requests may be made."""
        self._follow(now)
        found = [self.breaker.until]
        if self.governor is not None:
            spent = self.governor.spent(urgency)
            found += [self.governor.budget.until, spent.reset if spent else None]
        return max((until for until in found if until is not None and until > now), default=None)
