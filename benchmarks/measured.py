"""One measurement in a fresh process: what it cost after its imports, and its highest memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall-clock seconds after the imports, highest resident memory in MB, and what was counted."""

    cpu: float
    wall: float
    memory: float
    counted: int


def peak_memory() -> float:
    """Return this process's highest resident memory so far (VmHWM), in MB."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def measured(work: Callable[[], int]) -> None:
    """Run ``work`` and print its cost as JSON; for the child process."""
    cpu, wall = time.process_time(), time.perf_counter()
    counted = work()
    cost = Cost(time.process_time() - cpu, time.perf_counter() - wall, peak_memory(), counted)
    print(json.dumps(asdict(cost)))  # noqa: T201 - how the child answers


def in_child(*arguments: str) -> Cost:
    """Run ``python -m benchmarks.child …`` and return its cost."""
    command = [sys.executable, "-m", "benchmarks.child", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if answer.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{answer.stderr[-2000:]}")
    return Cost(**json.loads(answer.stdout.splitlines()[-1]))
