"""Progress and the wish to stop: what long work reports between two steps, and where it ends early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock, local
from time import monotonic


class Interrupted(BaseException):
    """The daemon is asked to stop: work ends at the next safe point. No failure, so nothing may catch it as one."""


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work that runs: for how many seconds, how many steps it made, and for how long it has made none."""

    name: str
    seconds: float
    steps: int
    silent: float


class Progress:
    """Beats of running work, for the watchdog; raises ``Interrupted`` at a beat once a stop was asked for.

    ``clock`` counts seconds and never goes back; beats are kept per name of work that runs now.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._beats: dict[str, float] = {}
        self._works: dict[str, tuple[float, int]] = {}
        self._lock = Lock()
        self._here = local()
        self._stop = Event()
        self._ticked = clock()

    def begin(self, name: str) -> bool:
        """Note that work begins; False where work of that name runs already."""
        with self._lock:
            if name in self._beats:
                return False
            self._beats[name] = self._clock()
            self._works[name] = (self._clock(), 0)
            return True

    @contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Do the work that was begun as ``name`` in this thread: every beat of the thread counts for it."""
        self._here.name = name
        try:
            yield
        finally:
            self._here.name = ""
            self.end(name)

    def beat(self, name: str) -> None:
        """Note a step forward with ``name``; raises ``Interrupted`` where the daemon is to stop."""
        if self._stop.is_set():
            raise Interrupted
        with self._lock:
            for each in {name, getattr(self._here, "name", "")} & self._beats.keys():
                self._beats[each] = self._clock()
                begun, steps = self._works[each]
                self._works[each] = (begun, steps + 1)

    def end(self, name: str) -> None:
        """Note that work has ended."""
        with self._lock:
            self._beats.pop(name, None)
            self._works.pop(name, None)

    def running(self) -> tuple[str, ...]:
        """Return the names of work that runs now."""
        with self._lock:
            return tuple(self._beats)

    def works(self) -> tuple[Work, ...]:
        """Return the work that runs now, the longest running first."""
        with self._lock:
            now = self._clock()
            found = (Work(name, now - begun, steps, now - self._beats[name])
                     for name, (begun, steps) in self._works.items())  # fmt: skip
            return tuple(sorted(found, key=lambda each: -each.seconds))

    def longest_silence(self) -> float:
        """Return for how many seconds the quietest running work has made no step; 0 where nothing runs."""
        with self._lock:
            now = self._clock()
            return max((now - beat for beat in self._beats.values()), default=0.0)

    def tick(self) -> None:
        """Note that somebody looked for what is due."""
        self._ticked = self._clock()

    def since_tick(self) -> float:
        """Return for how many seconds nobody has looked for what is due."""
        return self._clock() - self._ticked

    def stop(self) -> None:
        """Ask all running work to end at its next beat, and wake whoever sleeps."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep; raises ``Interrupted`` at once where the daemon is to stop."""
        if self._stop.wait(seconds):
            raise Interrupted
