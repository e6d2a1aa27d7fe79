"""``make chaos``: kills the daemon at random moments and prints what became of the company's work."""

from __future__ import annotations

import sys
from pathlib import Path
from random import SystemRandom
from shutil import rmtree
from tempfile import mkdtemp

from tests.chaos.kills import Killer
from tests.chaos.lives import Nursery
from tests.chaos.trial import Trial
from tests.integration.daemon.company import Company

KILLS = 500
COLD = 20
"""One life in so many begins with an interpreter of its own."""


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(words: list[str]) -> int:
    """Run and print; exit code 1 where anything was lost, duplicated or overwritten."""
    kills = int(words[0]) if words else KILLS
    seed = int(words[1]) if len(words) > 1 else SystemRandom().randrange(1_000_000)
    say(f"seed         {seed}")
    folder = Path(mkdtemp(prefix="vindaris-chaos-"))
    company = Company(folder)
    try:
        with Nursery(company.config) as nursery:
            tally = Killer(Trial(company, nursery, seed)).run(kills, kills // COLD, say)
    finally:
        company.close()
    say(str(tally))
    if not tally.verdict:
        say(f"database and logs are kept in {folder}")
        return 1
    rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
