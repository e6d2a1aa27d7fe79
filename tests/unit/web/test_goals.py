"""The goals' page and each goal's page, as a lead reads them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.unit.web.site import Site
from vindaris_sync.domain.findings import GoalRow, Work, rolled_up
from vindaris_sync.domain.goals import fold
from vindaris_sync.domain.readings import Reading
from vindaris_sync.engine.picture import gather
from vindaris_sync.web.goal_list import PER_PAGE, Wanted, listed

HOSTILE = "<script>alert(1)</script>\u202e=cmd|'/c calc'!A0"
MORE = """
[[goal]]
key = "IDLE"
title = "Nobody works on this"
[[goal]]
key = "OLD"
title = "It was"
status = "achieved"
[[goal]]
key = "SPEED"
title = "{title}"
parent = "CHECKOUT"
[[goal.outcome]]
metric = "seconds"
unit = "s"
baseline = 8
target = 2
"""


def _more(site: Site, folder: Path, title: str = "Be quick") -> None:
    file = folder / "goals.toml"
    file.write_text(
        file.read_text("utf-8").partition('\n[[goal]]\nkey = "IDLE"')[0] + MORE.format(title=title), "utf-8"
    )
    site.pull()


def _made(site: Site, title: str, **how: Any) -> str:
    """Return the key of a new issue."""
    return site.tracker.issue(site.tracker.create("APP", title, **how)).key


def _work(site: Site, *goals: str) -> list[str]:
    keys = [_made(site, f"Work on {goal}", labels=(f"goal:{goal}",)) for goal in goals]
    site.pull()
    return keys


def test_goals_are_shown_with_output_beside_outcome_and_what_is_wrong(site: Site, tmp_path: Path) -> None:
    """The tree, each with its numbers; the filters count what needs a look, and lead to it."""
    _more(site, tmp_path)
    _work(site, "SPEED", "OLD")
    text = site.get("/goals").text
    assert all(each in text for each in ("Grow the business", "Faster checkout", "Be quick", "0 of 1 done", "seconds"))
    assert "ended with 1 open" in text
    idle = site.get("/goals?show=without-work").text
    assert "Nobody works on this" in idle
    assert "Be quick" not in idle
    ended = site.get("/goals?show=closed-with-work").text
    assert re.findall(r'href="/goals/([A-Z]+)"', ended) == ["OLD"]
    assert "Be quick" in site.get("/goals?q=QUICK+speed").text
    assert "No goal here is called that" in site.get("/goals?q=nothing-like-it").text


def test_a_goal_shows_its_work_its_outcomes_its_revisions_and_who_is_asked(site: Site, tmp_path: Path) -> None:
    """An edit is shown word by word, with the review that it opened; readings are drawn, with a table beside."""
    _more(site, tmp_path)
    (key,) = _work(site, "SPEED")
    number = site.app.store.goal_book().find("SPEED") or 0
    at = site.clock()
    readings = [Reading(number, "seconds", 8 - day, at + timedelta(days=day), "csv") for day in range(3)]
    site.app.store.put_readings(readings, at)
    _more(site, tmp_path, "Be faster")
    site.clock.on(hours=1)
    for _ in range(3):
        site.pull()
        site.clock.on(minutes=30)
    text = site.get("/goals/SPEED").text
    assert "<del>quick</del>" in text
    assert "<ins>faster</ins>" in text
    assert f">{key}<" in text
    assert "Its goal has changed" in text
    assert "review open" in text
    assert '<path class="drawn"' in text
    assert "6 s, target 2 s" in text
    assert "Grow the business" in text
    assert 'href="/inbox?goal=SPEED"' in text
    assert key in site.get("/inbox?goal=SPEED").text


def test_a_former_or_otherwise_written_key_leads_to_the_goal_and_an_unknown_one_says_so(site: Site) -> None:
    """People follow old addresses; what never was is a page that says so."""
    answer = site.get("/goals/checkout")
    assert (answer.status_code, answer.headers["location"]) == (307, "/goals/CHECKOUT")
    assert site.get("/goals/NOWHERE").status_code == 404


def test_what_strangers_wrote_is_text(site: Site, tmp_path: Path) -> None:
    """A goal's and an issue's title cannot be markup, and steer no reading direction."""
    _more(site, tmp_path, HOSTILE.replace("\u202e", "\\u202e"))
    site.tracker.create("APP", HOSTILE, labels=("goal:SPEED",))
    site.pull()
    for path in ("/goals", "/goals/SPEED", "/goals?q=%3Cscript%3E", "/goals?below=CHECKOUT"):
        text = site.get(path).text
        assert "<script>alert" not in text
        assert "\u202e" not in text


def test_more_work_than_a_page_holds_is_read_page_by_page_and_nothing_twice(site: Site) -> None:
    """Following "More work" names every issue once."""
    parent = site.tracker.create("APP", "Above", labels=("goal:CHECKOUT",))
    made = {_made(site, f"Below {n}", parent=parent) for n in range(70)} | {site.tracker.issue(parent).key}
    made |= {_made(site, f"Own {n}", labels=("goal:CHECKOUT",)) for n in range(60)}
    site.pull()
    address, seen = "/goals/CHECKOUT", list[str]()
    for _ in range(4):
        text = site.get(address).text
        work = text.partition('id="work"')[2].partition('id="revisions"')[0]
        seen += re.findall(r'<th scope="row"[^>]*><a class="key"[^>]*>([^<]+)</a>', work)
        onward = re.search(r'rel="next" href="([^"#]+)', work)
        if onward is None:
            break
        address = "/goals/CHECKOUT" + onward[1].replace("&amp;", "&")
    assert sorted(seen) == sorted(made)


def test_a_page_costs_what_it_shows_and_not_what_there_is(site: Site) -> None:
    """Four times the issues, the same steps of the database (within the meter's rounding) once all were added up."""
    steps = []
    for count in (60, 180):
        for n in range(count):
            site.tracker.create("APP", f"Issue {n}", labels=("goal:CHECKOUT",))
        site.pull()
        site.page.pictures.now()
        asked = []
        for path in ("/goals", "/goals/CHECKOUT", "/goals/CHECKOUT?work=all", "/trace?q=GROW"):
            site.get(path)
            with site.app.store.metered() as meter:
                assert site.get(path).status_code in {200, 303}
            asked.append(meter.steps)
        steps.append(asked)
    for few, many in zip(*steps, strict=True):
        assert many <= few * 1.2 + 50


def test_a_thousand_goals_are_folded_and_no_page_is_large(site: Site) -> None:
    """Branches that do not fit are counted, with a way to them; every filter is paged."""
    rows = [GoalRow("TOP", "All of it")]
    rows += [GoalRow(f"G-{n}", f"Goal {n} " + "long " * 30, parent="TOP") for n in range(50)]
    rows += [GoalRow(f"G-{n}", "Goal", parent=f"G-{n % 50}", own=Work(1, 1)) for n in range(50, 1000)]
    picture = replace(gather(site.app.context), goals=rolled_up(rows))
    found = listed(picture, Wanted())
    assert [len(found.lines), found.total, found.pages] == [51, 1001, 1]
    assert sum(line.folded for line in found.lines) == 950
    below = listed(picture, Wanted(below="G-7"))
    assert (len(below.lines), {line.row.depth for line in below.lines}) == (19, {2})
    searched = listed(picture, Wanted(words="goal", page=99))
    assert (searched.pages, len(searched.lines)) == (10, 1000 - 9 * PER_PAGE)
    site.page.pictures._last = picture  # noqa: SLF001 - a thousand goals in the store would take minutes to state
    assert len(site.get("/goals").content) < 300_000
    assert len(site.get("/goals?q=goal").content) < 300_000


def test_a_picture_is_kept_until_it_is_old_and_something_was_committed(site: Site) -> None:
    """Whoever looks meanwhile costs nothing."""
    first = site.page.pictures.now()
    site.tracker.create("APP", "New")
    site.pull()
    assert site.page.pictures.now() is first
    assert first.goal(fold("grow")) is not None
