"""Daemons as processes: started, signalled, and asked how they ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from types import MappingProxyType
from typing import Any, Self

from tests.chaos import nursery

PATIENCE = 240.0
"""Seconds after which nobody waits any more; a machine that is busy with other tests is slow."""
STEP = 0.005
NOTHING: Mapping[str, str] = MappingProxyType({})


def eventually(
    holds: Callable[[], object], what: str, *, patience: float = PATIENCE, told: Callable[[], str] = str
) -> None:
    """Wait until ``holds``; ``told`` gives what may explain why it never does."""
    end = monotonic() + patience
    while not holds():
        assert monotonic() < end, f"never happened: {what}\n{told()[-4000:]}"
        sleep(0.02)


@dataclass(slots=True)
class Life:
    """One process of the daemon."""

    pid: int
    log: Path
    began: float
    _nursery: Nursery
    _code: int | None = None

    def said(self) -> str:
        """Return what it has logged."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return its log lines of one event."""
        lines = [line for line in self.said().splitlines() if line.startswith("{") and line.endswith("}")]
        return [event for event in map(json.loads, lines) if event.get("event") == name]

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal's number; None while it lives."""
        if self._code is None:
            self._code = self._nursery.tell({"ended": self.pid})
        return self._code

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; one that has ended gets none."""
        if self.code is None:
            os.kill(self.pid, number)

    def end(self, patience: float = PATIENCE) -> int:
        """Wait until it has ended and return its exit code."""
        eventually(lambda: self.code is not None, f"process {self.pid} ends", patience=patience, told=self.said)
        assert self._code is not None
        return self._code

    def _hears(self) -> bool:
        """Return whether it takes SIGTERM itself, which nothing does in its first moment."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> signal.SIGTERM - 1 & 1)

    def kill(self) -> None:
        """End it without a word."""
        self.send(signal.SIGKILL)
        self.end()

    def stop(self, patience: float = PATIENCE) -> float:
        """Ask it to end, hold it to a clean end, and return how many seconds that took."""
        eventually(lambda: self.code is not None or self._hears(), "it hears signals", told=self.said)
        asked = monotonic()
        self.send(signal.SIGTERM)
        code = self.end(patience)
        assert code == 0, (code, self.said()[-4000:])
        assert "Traceback" not in self.said(), self.said()[-4000:]
        return monotonic() - asked


@dataclass(slots=True)
class Nursery:
    """The process that starts daemons; a context manager that leaves none of them behind."""

    config: Path
    lives: list[Life] = field(default_factory=list)
    _process: subprocess.Popen[str] = field(init=False)
    _lock: Lock = field(default_factory=Lock)

    def __enter__(self) -> Self:
        paths = {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each), "PYTHONWARNINGS": ""}
        self._process = subprocess.Popen(
            [sys.executable, nursery.__file__, str(self.config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **paths},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.bury()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE)
        self._process.stdout.close()

    def bury(self) -> None:
        """Kill all that still live."""
        for life in self.lives:
            life.kill()
        self.lives.clear()

    def tell(self, order: Mapping[str, object]) -> Any:
        """Give an order and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "the nursery has ended"
        return json.loads(answer)

    def start(
        self, *words: str, config: Path, log: Path, cold: bool = False, environ: Mapping[str, str] = NOTHING
    ) -> Life:
        """Start the command; ``cold``: with an interpreter of its own."""
        order = {"start": [*words, "--config", str(config)], "log": str(log), "cold": cold, "environ": dict(environ)}
        began = monotonic()
        life = Life(self.tell(order), log, began, self)
        self.lives.append(life)
        return life
