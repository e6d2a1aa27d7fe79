"""Run the simulation: ``python -m tests.simulation --help``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import SystemRandom
from tempfile import mkdtemp
from time import monotonic

from tests.simulation.auditor import audit
from tests.simulation.history import Breach, History, Result
from tests.simulation.minimise import Minimiser
from tests.simulation.run import Soak, Totals
from tests.simulation.script import Script, draw

_FOUND = Path("build/simulation")
_EVERY = 15.0


def main() -> int:
    """Run what the command line asks for; return 1 where a law was broken."""
    asked = _asked()
    if asked.replay:
        return replay(Script.read(Path(asked.replay).read_text()), verbose=not asked.quiet)
    if asked.only is not None:
        return replay(draw(asked.only), verbose=not asked.quiet)
    seed = SystemRandom().randrange(1, 10**6) if asked.seed is None else asked.seed
    totals = soak(Soak(seed, asked.days, asked.seconds, asked.workers))
    for result in totals.failed[:1] if asked.minimise else ():
        minimise(result, asked.minimise)
    return 1 if totals.failed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Simulated tracker-days, audited.")
    parser.add_argument("--days", type=int, default=0, help="tracker-days to live through; 0: until time is up")
    parser.add_argument("--seconds", type=float, default=0.0, help="begin no history after that time; 0: no limit")
    parser.add_argument("--seed", type=int, help="what everything is drawn from; without it a fresh one, printed")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument(
        "--minimise", type=float, default=300.0, help="seconds to make the first failure small; 0: none"
    )
    parser.add_argument("--only", type=int, metavar="SEED", help="live through one history, and tell it")
    parser.add_argument("--replay", metavar="FILE", help="live through the history that a script tells")
    parser.add_argument("--quiet", action="store_true", help="tell only what is wrong")
    asked = parser.parse_args()
    if not (asked.days or asked.seconds or asked.replay or asked.only is not None):
        parser.error("say --days, --seconds, --only or --replay")
    return asked


def soak(run: Soak) -> Totals:
    """Run and print; failures are told as soon as they are found."""
    say(f"seed {run.seed}")
    totals, told, next_line = Totals(), 0, monotonic() + _EVERY
    for totals in run.run():
        for result in totals.failed[told:]:
            say(f"history {result.script.seed} ({', '.join(result.script.trackers)}):")
            _tell(result.breaches)
        told = len(totals.failed)
        if monotonic() >= next_line:
            next_line = monotonic() + _EVERY
            say(f"… {totals.days:,} tracker-days, {totals.days / totals.seconds * 60:,.0f} a minute")
    for line in totals.lines():
        say(line)
    return totals


def minimise(result: Result, seconds: float) -> None:
    """Make a failed history small, keep it as a file and print how to live through it again."""
    breach = result.breaches[0]
    say(f"making history {result.script.seed} small …")
    smallest = Minimiser(audit, seconds).smallest(result.script, breach)
    _FOUND.mkdir(parents=True, exist_ok=True)
    path = _FOUND / f"{result.script.seed}.script"
    path.write_text(f"# {breach}\n".replace("\n", "\n# ").rstrip("# ") + smallest.text())
    say(path.read_text())
    say(f"replay: python -m tests.simulation --replay {path}")


def replay(script: Script, *, verbose: bool) -> int:
    """Live through a script and tell what happened."""
    history = History(script, Path(mkdtemp(prefix="vindaris-replay-")), audit)
    result = history.run()
    if verbose:
        for act in history.site.journal.acts:
            say(str(act))
    _tell(result.breaches)
    say(f"{result.days} tracker-days, {len(result.breaches)} violations, {result.digest[:16]}")
    say(f"database: {history.site.database}")
    return 1 if result.breaches else 0


def _tell(breaches: list[Breach]) -> None:
    for breach in breaches[:8]:
        say(f"  {breach}")
    if len(breaches) > 8:
        say(f"  and {len(breaches) - 8} more")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
