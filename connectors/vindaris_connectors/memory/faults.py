"""What goes wrong between the memory connector and its tracker: faults by call, and hooks for crashes and races."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

CallName = Literal[
    "list", "ids", "read", "add_label", "remove_label", "set_field", "create", "describe", "offer", "rewrite", "attach"
]
WRITES: frozenset[CallName] = frozenset(
    {"add_label", "remove_label", "set_field", "create", "offer", "rewrite", "attach"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange with the tracker: its number in the tracker's life, its name, and the place or issue it is about.

    A hook is asked twice: before the tracker acts, and ``answered``, when the connector has not seen the answer yet.
    """

    number: int
    name: CallName
    subject: str
    answered: bool

    @property
    def writes(self) -> bool:
        """Whether the call changes the tracker."""
        return self.name in WRITES


Hook = Callable[[Call], None]
"""Looks at a call, may act on the tracker (a race) and may raise (a fault, a crash)."""


@dataclass(slots=True)
class _Fault:
    error: Callable[[], Exception]
    times: int
    writes_only: bool
    answered: bool


@dataclass(slots=True)
class Faults:
    """The faults that stand, the hooks, and the count of all calls."""

    on_call: list[Hook] = field(default_factory=list)
    calls: int = 0
    write_calls: int = 0
    _standing: list[_Fault] = field(default_factory=list)

    def fail_next(
        self, error: Callable[[], Exception], *, times: int = 1, writes_only: bool = False, answered: bool = False
    ) -> None:
        """Raise a fresh ``error()`` at the next ``times`` calls; ``answered``: after the tracker has acted."""
        self._standing.append(_Fault(error, times, writes_only, answered))

    def clear(self) -> None:
        """Forget all standing faults and hooks."""
        self._standing.clear()
        self.on_call.clear()

    @contextmanager
    def call(self, name: CallName, subject: str) -> Iterator[None]:
        """Stand around one call of the connector."""
        self.calls += 1
        self.write_calls += name in WRITES
        number = self.calls
        if self.on_call or self._standing:
            self._meet(Call(number, name, subject, answered=False))
        yield
        if self.on_call or self._standing:
            self._meet(Call(number, name, subject, answered=True))

    def _meet(self, call: Call) -> None:
        for hook in tuple(self.on_call):
            hook(call)
        for fault in self._standing:
            if fault.answered == call.answered and (call.writes or not fault.writes_only):
                fault.times -= 1
                if not fault.times:
                    self._standing.remove(fault)
                raise fault.error()
