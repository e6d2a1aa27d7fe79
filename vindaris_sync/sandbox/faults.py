"""Faults that are injected from outside, so that a look-alike fails the way the real service does on a bad day.

A fault is data; ``Faults`` decides which of them strikes a request, and the front acts on it: the services
never know. Only ``index_lag`` and ``clock_skew`` reach them, through their ``Weather``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from vindaris_sync.sandbox.core import Request, Weather

Kind = Literal[
    "status", "timeout", "reset", "truncate", "html", "latency", "trickle", "clock_skew", "index_lag"
]  # fmt: skip
DEFAULT_SECONDS: Mapping[str, float] = {"timeout": 30.0, "latency": 0.2, "trickle": 0.1}
STATUSES = range(100, 600)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    ``status``: the answer is ``status`` with ``headers`` and ``body``. ``timeout``: nothing is answered for that many
    ``seconds``, then the connection closes. ``reset``: the connection is reset, in the middle of the body where the
    request was ``applied``, before the first byte where not. ``truncate``: a well-formed answer whose body is cut in
    half. ``html``: a login page with status 200. ``latency``: the true answer, ``seconds`` later. ``trickle``: the
    true answer, one byte every ``seconds``. ``clock_skew``, ``index_lag``: the service's weather while the fault
    stands.

    ``service``, ``method`` and ``path`` (a regular expression, searched in the path below the service's prefix)
    choose the requests; the first ``skip`` of them go well, the next ``times`` (``None``: all) are struck.
    ``applied``: the request is carried out, and only its answer is lost.
    """

    kind: Kind
    service: str | None = None
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    method: str | None = None
    path: str | None = None
    times: int | None = None
    skip: int = 0
    seconds: float | None = None
    applied: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never strike; raises ``ValueError`` with the reason."""
        if self.kind not in get_args(Kind):
            msg = f"kind must be one of {', '.join(get_args(Kind))}"
            raise ValueError(msg)
        if self.status not in STATUSES:
            msg = "status must be an HTTP status"
            raise ValueError(msg)
        if not isinstance(self.headers, Mapping):
            msg = "headers must be an object"
            raise ValueError(msg)  # noqa: TRY004 - every reason is a ValueError, as promised
        for name, kinds in (("times", int | None), ("skip", int), ("seconds", int | float | None)):
            if not isinstance(value := getattr(self, name), kinds) or (value or 0) < 0:
                msg = f"{name} must be a number that is not negative"
                raise ValueError(msg)
        try:
            re.compile(self.path or "")
        except re.error as error:
            msg = f"path is no regular expression: {error}"
            raise ValueError(msg) from error

    @classmethod
    def of(cls, document: object) -> Fault:
        """Return the fault that a JSON document describes; raises ``ValueError`` with the reason where it is none."""
        if not isinstance(document, Mapping) or "kind" not in document:
            msg = "a fault is an object with a kind"
            raise ValueError(msg)
        if unknown := set(document) - {each.name for each in fields(cls)}:
            msg = f"unknown keys: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        try:
            return cls(**document)
        except TypeError as error:
            msg = f"a value has the wrong type: {error}"
            raise ValueError(msg) from error

    @property
    def delay(self) -> float:
        """Seconds that the fault takes, its kind's default where none were given."""
        return DEFAULT_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    @property
    def carried_out(self) -> bool:
        """Whether the service gets to see the request."""
        return self.applied or self.kind in {"latency", "trickle", "truncate"}

    def concerns(self, service: str, request: Request) -> bool:
        """Return whether ``request`` to ``service`` is among those the fault chooses."""
        return (
            self.service in {None, service}
            and self.method in {None, request.method}
            and (self.path is None or re.search(self.path, request.path) is not None)
        )


@dataclass(slots=True)
class _Armed:
    """A fault and how often it has been met and has struck."""

    fault: Fault
    met: int = 0
    struck: int = 0

    def strike(self) -> bool:
        """Count one meeting; return whether the fault strikes at it."""
        self.met += 1
        spent = self.fault.times is not None and self.struck >= self.fault.times
        if spent or self.met <= self.fault.skip:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults that stand, in the order in which they were added. Safe to use from any thread."""

    def __init__(self, weathers: Mapping[str, Weather]) -> None:
        self._weathers = weathers
        self._armed: list[_Armed] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Let ``fault`` stand until it has struck ``times`` times or is cleared."""
        with self._lock:
            self._armed.append(_Armed(fault))
            self._blow()

    def clear(self) -> None:
        """Take every fault away; the weather is fine again."""
        with self._lock:
            self._armed.clear()
            self._blow()

    def strike(self, service: str, request: Request) -> list[Fault]:
        """Return what strikes this request: every latency, then at most one fault of another kind."""
        with self._lock:
            slow: list[Fault] = []
            hard: list[Fault] = []
            for armed in self._armed:
                if armed.fault.kind in {"clock_skew", "index_lag"} or not armed.fault.concerns(service, request):
                    continue
                if armed.fault.kind == "latency":
                    slow += [armed.fault] if armed.strike() else []
                elif not hard and armed.strike():
                    hard.append(armed.fault)
            return slow + hard

    def view(self) -> list[dict[str, Any]]:
        """Return the faults as JSON documents, with how often each has struck."""
        with self._lock:
            return [{**asdict(armed.fault), "struck": armed.struck} for armed in self._armed]

    def _blow(self) -> None:
        for name, weather in self._weathers.items():
            weather.index_lag = self._sum("index_lag", name)
            weather.clock_skew = self._sum("clock_skew", name)

    def _sum(self, kind: str, service: str) -> timedelta:
        standing = (a.fault for a in self._armed if a.fault.kind == kind and a.fault.service in {None, service})
        return timedelta(seconds=sum(fault.delay for fault in standing))
