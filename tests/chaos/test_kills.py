"""The short form of ``make chaos``."""

from __future__ import annotations

from tests.chaos.kills import Killer
from tests.chaos.trial import Trial


def test_kills_at_any_moment_lose_nothing_and_repeat_nothing(trial: Trial) -> None:
    """Every issue once, every link and alert there, one message per subject, nobody's act overwritten (1 to 4)."""
    tally = Killer(trial).run(8, cold=1)
    assert tally.verdict, str(tally)
    assert tally.kills == 8
