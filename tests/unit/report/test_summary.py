from dataclasses import replace

from vindaris_sync.domain.findings import Findings, GoalRow, Listing
from vindaris_sync.domain.messages import Kind, State, Subject
from vindaris_sync.domain.summary import summary


def test_the_summary_tells_the_night_in_figures(night: Findings) -> None:
    """Coverage, births, goals without work, doubt, reviews, drift and what was not checked, each with its number."""
    content = summary(night, "Growth", "2026-11-22", "https://sync.example/report")
    facts = dict(content.facts)
    assert content.headline == "62 % of open work serves a goal (+1.5 points)"
    assert facts["Open work"] == "171 linked · 224 inherited · 38 exempt · 207 unlinked (151 from before)"
    assert facts["Born linked"] == "41 created from a goal, 88 linked at birth, 176 later"
    assert facts["Goals without work"] == "2: P0 GROW-PRICE, low TRUST-KEYS"
    assert facts["Work on closed goals"] == "7 (+7)"
    assert facts["Suspect links"] == "14 (+3), the oldest for 33 days"
    assert facts["Reviews"] == "19 opened, 26 closed, 80 waiting"
    assert facts["Drift"] == "9 found, 8 repaired"
    assert content.footer.startswith("Not checked, 2 parts: gitlab-labs (stopped: the token was refused (401))")
    assert content.link == "https://sync.example/report"


def test_each_night_is_a_message_of_its_own(night: Findings) -> None:
    """The date is part of the subject, and a summary is open whatever it holds."""
    content = summary(night, "Growth", "2026-11-22")
    assert (content.subject, content.state) == (Subject("Growth", Kind.NIGHTLY, "2026-11-22"), State.OPEN)
    assert content.members


def test_a_quiet_night_is_short(empty_night: Findings) -> None:
    """What is zero and needs nobody is left out."""
    content = summary(empty_night, "Growth", "2026-11-22")
    assert content.headline == "Goal report: no open work"
    assert [name for name, _ in content.facts] == ["Open work", "Born linked", "Reviews"]
    assert content.footer == "Everything was checked."


def test_what_went_to_zero_is_told_once(night: Findings) -> None:
    """The last conflict's end is a change worth a line."""
    assert ("Conflicts", "2 (−1)") in summary(night, "", "").facts  # noqa: RUF001 - a typographic minus


def test_many_goals_are_named_by_the_first(first_night: Findings) -> None:
    """The most urgent are named, the rest counted; a list without dates has no oldest."""
    goals = tuple(GoalRow(f"G{number}", "", priority=f"P{number}") for number in range(5))
    facts = dict(summary(replace(first_night, goals=goals, suspect=Listing(3)), "", "").facts)
    assert facts["Goals without work"] == "5: P0 G0, P1 G1, P2 G2 and 2 more"
    assert facts["Suspect links"] == "3"
