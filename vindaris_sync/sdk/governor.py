"""The governor: how many exchanges one credential has under way, when the next may start, and what is kept free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import blake2b
from threading import Condition, Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vindaris_sync.sdk.clock import Steady
from vindaris_sync.sdk.errors import NotNow
from vindaris_sync.sdk.limits import Quota, quota

if TYPE_CHECKING:
    from vindaris_sync.sdk.protocol import Surroundings
    from vindaris_sync.sdk.settings import TrackerSettings

PATIENCE = 60.0
"""Seconds that are slept through; a longer wait ends the pass instead and is left to the timetable."""
KEPT_FREE = 0.2
"""Share of an hour's quota that background reading leaves to people and other programs, unless told otherwise."""
_LONGEST_STRIKE = 3600.0
_DIGITS = 4  # bytes: enough to see that a credential was replaced, far too few to find it


class Urgency(IntEnum):
    """What requests are made for; the more urgent, the less of the quota they leave free."""

    BACKGROUND = 0
    """Reading what has changed: leaves all that is kept free."""
    DECIDED = 1
    """Writing what was decided, and the reading that goes with it: leaves a quarter of that."""
    PERSON = 2
    """A person asked and waits: leaves nothing, since it is for people that it was kept."""


_LEAVES = {Urgency.BACKGROUND: 1.0, Urgency.DECIDED: 0.25}


@dataclass(frozen=True, slots=True)
class Budget:
    """What a governor knows, for people and for the next process. ``credential`` only tells whether it is the same."""

    credential: str
    host: str
    quotas: tuple[Quota, ...] = ()
    keep_free: float = KEPT_FREE
    until: datetime | None = None
    """Until when nobody asks; None: nobody waits."""
    why: str = ""
    strikes: int = 0
    """Limits in a row, whatever was asked."""
    requests: int = 0
    """Exchanges since the process started."""


@dataclass(slots=True)
class _Strikes:
    """How many limits came in a row, and which exchange was the last to be under way when the last one came."""

    count: int = 0
    at: int = 0


class Governor:
    """Bounds the exchanges of one credential at one host; shared by all threads and trackers that use it.

    At most ``surroundings.in_flight`` exchanges are under way. Writes start at least ``write_interval`` seconds apart
    and, where that is not 0, one after another. After ``hold`` nobody starts before the tracker's "wait until". Where
    an answer said that no more than the share ``keep_free`` of the quota is left, background reading waits for the
    reset; what is more urgent goes on for longer (``Urgency``). ``patience`` is how many seconds are slept through.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        write_interval: float = 0.0,
        keep_free: float = KEPT_FREE,
        patience: float = PATIENCE,
        name: tuple[str, str] = ("", ""),
    ) -> None:
        self._around = surroundings
        self._name = name
        self._interval = timedelta(seconds=write_interval)
        self._patience = patience
        self._most = surroundings.in_flight
        self._under_way = 0
        self._free = Condition()
        self._writing = Lock()
        self._state = Lock()
        self._keep_free = keep_free
        self._quotas: dict[str, Quota] = {}
        self._until: datetime | None = None
        self._why = ""
        self._next_write: datetime | None = None
        self._steady = Steady()
        self._started = 0
        self._strikes = {False: _Strikes(), True: _Strikes()}  # by whether it is a write: reads may go on meanwhile

    def join(self, in_flight: int, write_interval: float, keep_free: float) -> None:
        """Let another tracker use the credential, too: the more careful of both settings holds for all."""
        self._most = min(self._most, in_flight)
        self._interval = max(self._interval, timedelta(seconds=write_interval))
        self._keep_free = max(self._keep_free, keep_free)

    # --- exchanges ------------------------------------------------------------------------------------------------

    @contextmanager
    def turn(self, *, write: bool = False, urgency: Urgency = Urgency.BACKGROUND) -> Iterator[int]:
        """Wait for a turn and keep it during the exchange; yields the exchange's number, for ``limit``.

        Raises ``NotNow`` where a hold is longer than the patience, or what is left of the quota is kept free.
        """
        serial = self._writing if write and self._interval else nullcontext()
        with serial, self._slot():
            self._wait_for_hold()
            self._leave_free(max(urgency, Urgency.DECIDED) if write else urgency)
            if write and self._interval:
                self._pace()
            with self._state:
                self._started += 1
                number = self._started
            yield number

    @contextmanager
    def _slot(self) -> Iterator[None]:
        with self._free:
            self._free.wait_for(lambda: self._under_way < self._most)
            self._under_way += 1
        try:
            yield
        finally:
            with self._free:
                self._under_way -= 1
                self._free.notify()

    def _now(self) -> datetime:
        """Return the present instant; where our clock was set back, what waits by it waits no longer (fault 14)."""
        now = self._around.now()
        with self._state:
            self._shift(self._steady.back(now))
        return now

    def _shift(self, back: timedelta) -> None:
        if back:
            self._until = self._until and self._until - back
            self._next_write = self._next_write and self._next_write - back
            self._quotas = {name: replace(one, reset=one.reset - back) for name, one in self._quotas.items()}

    def _wait_for_hold(self) -> None:
        waited: datetime | None = None
        while True:
            now = self._now()
            with self._state:
                until, why = self._until, self._why
            if until is None or until == waited:  # a sleep that does not move an injected clock is believed
                return
            left = (until - now).total_seconds()
            if left <= 0:
                return
            if left > self._patience:
                raise NotNow(why or "the tracker asked to wait", retry_after=timedelta(seconds=left))
            self._around.sleep(left)
            waited = until

    def _leave_free(self, urgency: Urgency) -> None:
        spent = self.spent(urgency)
        if spent is not None:
            left = f"{spent.remaining:,} of {spent.limit:,} requests are left until {spent.reset:%H:%M} UTC"
            raise NotNow(f"{left}, which are kept free", retry_after=spent.reset - self._around.now())

    def spent(self, urgency: Urgency = Urgency.BACKGROUND) -> Quota | None:
        """Return the quota that is used up but for what is kept free; None where requests may be made.

        A quota that is back within ``PATIENCE`` is no hour's quota, or its hour is over: nobody needs it kept.
        """
        if urgency not in _LEAVES:
            return None
        now, share = self._now(), self._keep_free * _LEAVES[urgency]
        patience = timedelta(seconds=PATIENCE)
        with self._state:
            known = list(self._quotas.values())
        used = [one for one in known if one.remaining <= one.kept(share) and one.reset - now > patience]
        return max(used, key=lambda one: one.reset, default=None)

    def _pace(self) -> None:
        now = self._now()
        start = max(now, self._next_write or now)
        if start > now:
            self._around.sleep((start - now).total_seconds())
        self._next_write = start + self._interval

    # --- what answers say -----------------------------------------------------------------------------------------

    def note(self, headers: Mapping[str, str]) -> None:
        """Take down what an answer says about the quota. Answers overtake one another: the lowest of an hour counts."""
        now = self._now()
        told = quota(headers, now)
        if told is None:
            return
        with self._state:
            known = self._quotas.get(told.resource)
            if known is None or not _same_hour(known, told, now) or told.remaining < known.remaining:
                self._quotas[told.resource] = told

    def well(self, *, write: bool = False) -> None:
        """Note an answer that is no limit: what such a request meets next is the first one again."""
        with self._state:
            self._strikes[write].count = 0

    def limit(self, number: int, wait: float | None, why: str = "", *, write: bool = False) -> float:
        """Hold everybody back, since the exchange ``number`` was refused for a limit; return for how many seconds.

        ``wait`` is what the tracker asked for; ``None``: a minute. Where asking for as long as that does not help, it
        is a minute at least from the second limit in a row on, and twice as long with each further one, reads and
        writes counted apart. Exchanges that were under way together meet one limit, and not one each.
        """
        now = self._now()
        with self._state:
            strikes = self._strikes[write]
            if number > strikes.at:
                strikes.count, strikes.at = strikes.count + 1, self._started
            wait = max(wait or 0.0, _least_wait(strikes.count - (wait is not None)))
        self.hold(now + timedelta(seconds=wait), why)
        return wait

    def hold(self, until: datetime, why: str = "") -> None:
        """Let nobody start an exchange before ``until``; an earlier instant than the present hold changes nothing."""
        with self._state:
            if self._until is None or until > self._until:
                self._until, self._why = until, why

    # --- for people and the next process --------------------------------------------------------------------------

    @property
    def budget(self) -> Budget:
        """What is known now; quotas and waits that are over are left out."""
        now = self._now()
        with self._state:
            quotas = tuple(self._quotas[name] for name in sorted(self._quotas) if self._quotas[name].reset > now)
            waits = self._until is not None and self._until > now
            until, why = (self._until, self._why) if waits else (None, "")
            strikes = max(one.count for one in self._strikes.values())
            return Budget(*self._name, quotas, self._keep_free, until, why, strikes, self._started)

    def restore(self, budget: Budget, back: timedelta = timedelta()) -> None:
        """Go on where another process has stopped, where it used the same credential.

        ``back`` is by how much the clock was set back since then.
        """
        if (budget.credential, budget.host) != self._name:
            return
        self._now()  # the clock may be set back before anything is asked
        until = budget.until and budget.until - back
        with self._state:
            known = {one.resource: replace(one, reset=one.reset - back) for one in budget.quotas}
            self._quotas = known | self._quotas
            for one in self._strikes.values():
                one.count = max(one.count, budget.strikes)
        if until is not None:
            self.hold(until, budget.why)


def _least_wait(strikes: int) -> float:
    return min(PATIENCE * 2.0 ** min(strikes - 1, 10), _LONGEST_STRIKE) if strikes > 0 else 0.0


def _same_hour(known: Quota, told: Quota, now: datetime) -> bool:
    return known.reset > now and abs(known.reset - told.reset) < timedelta(seconds=PATIENCE)


@dataclass(slots=True)
class Governors:
    """The governors of a process: one for each credential and host."""

    _known: dict[tuple[str, str], Governor] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(  # noqa: PLR0913 - whose governor, and how careful it is
        self,
        surroundings: Surroundings,
        host: str,
        credential: str,
        *,
        write_interval: float = 0.0,
        keep_free: float = KEPT_FREE,
        patience: float = PATIENCE,
    ) -> Governor:
        """Return the governor of ``credential`` at ``host``; only a short digest of the credential is kept."""
        digest = blake2b(f"{host}\0{credential}".encode("utf-8", "surrogatepass"), digest_size=_DIGITS).hexdigest()
        name = (digest, host)
        with self._lock:
            known = self._known.get(name)
            if known is None:
                known = Governor(
                    surroundings, write_interval=write_interval, keep_free=keep_free, patience=patience, name=name
                )
                self._known[name] = known
            else:
                known.join(surroundings.in_flight, write_interval, keep_free)
            return known


def share(surroundings: Surroundings, settings: TrackerSettings, url: str, credential: str) -> Governor:
    """Return the governor of a tracker's credential at ``url``'s host; all trackers that use both share it."""
    host = urlsplit(url).netloc.rpartition("@")[2].casefold()
    return surroundings.governors.of(
        surroundings,
        host,
        credential,
        write_interval=settings.write_interval.total_seconds(),
        keep_free=settings.keep_free / 100,
    )
