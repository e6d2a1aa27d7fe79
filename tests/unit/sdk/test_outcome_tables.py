"""Numbers and units as people write them into a goal's table."""

from __future__ import annotations

from time import perf_counter

import pytest

from vindaris_sync.sdk.outcome_tables import Unreadable, amount_in


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("98.5 %", (98.5, "%")),
        ("1,200 users", (1200.0, "users")),
        ("+.5 s", (0.5, "s")),
        ("-3", (-3.0, "")),
        ("-", (None, "")),
        ("12 of 20", None),
    ],
)
def test_a_number_and_the_unit_behind_it(text: str, amount: tuple[float | None, str] | None) -> None:
    """Anything else is refused rather than guessed."""
    if amount is None:
        with pytest.raises(Unreadable):
            amount_in(text, "Target")
    else:
        assert amount_in(text, "Target") == amount


@pytest.mark.parametrize("filling", [" ", ",", ", ", "\u00a0 ", "1 "])
def test_a_hostile_cell_takes_no_time(filling: str) -> None:
    """What might be a number until its end is looked at once."""
    begun = perf_counter()
    with pytest.raises(Unreadable):
        amount_in(f"1{filling * 2000}x1", "Target")
    assert perf_counter() - begun < 2
