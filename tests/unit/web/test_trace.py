"""The trace page: both directions, now and at a date, and what it says where nothing is found."""

from __future__ import annotations

from tests.unit.web.site import Site


def test_an_issue_is_traced_up_to_its_goal_and_down_to_what_hangs_below(site: Site) -> None:
    """The page says which link decides, on the issue and through its parent."""
    epic = site.tracker.create("APP", "The epic", labels=("goal:CHECKOUT",))
    task = site.tracker.create("APP", "The <b>task</b>", parent=epic)
    site.pull()
    epic, task = (site.tracker.issue(each).key for each in (epic, task))
    text = site.get(f"/trace?q={task}").text
    assert "nearest issue above that does decides" in text
    assert all(each in text for each in (epic, "Faster checkout", "Grow the business", "Nothing hangs below it"))
    assert "The &lt;b&gt;task&lt;/b&gt;" in text
    above = site.get(f"/trace?q={epic}").text
    assert "Its own link" in above
    assert task in above
    assert "inherited from here" in above


def test_work_without_a_goal_says_why_and_since_when(site: Site) -> None:
    """Nothing decides, and the review is named."""
    key = site.tracker.issue(site.tracker.create("APP", "Alone")).key
    site.pull()
    text = site.get(f"/trace?q={key}").text
    assert "neither the issue, nor anything above it, nor a rule names a goal" in text
    assert "Serves no goal" in text


def test_the_past_is_told_as_the_history_has_it(site: Site) -> None:
    """An issue and a goal as of a date before the link was changed."""
    issue = site.tracker.create("APP", "Moved", labels=("goal:CHECKOUT",))
    site.pull()
    site.clock.on(days=3)
    site.tracker.add_label(issue, "goal:GROW")
    site.tracker.remove_label(issue, "goal:CHECKOUT")
    site.pull()
    key = site.tracker.issue(issue).key
    then = f"/trace?q={key}&at=2026-03-03"
    assert "<b>CHECKOUT</b>, by its own link" in site.get(then).text
    past = site.get("/trace?q=goal:CHECKOUT&at=2026-03-03").text
    assert f">{key}<" in past
    assert f">{key}<" not in site.get("/trace?q=goal:CHECKOUT&at=2026-03-06").text
    assert "was not stated then" in site.get("/trace?q=CHECKOUT&at=2020-01-01").text


def test_a_goal_has_its_own_page_now(site: Site) -> None:
    """Its key in the search box leads there."""
    answer = site.get("/trace?q=checkout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/goals/CHECKOUT")


def test_what_is_not_found_is_a_page_that_helps(site: Site) -> None:
    """Similar goals, how issues are named, and the name as text."""
    answer = site.get("/trace?q=CHEKOUT")
    assert answer.status_code == 404
    assert 'href="/goals/CHECKOUT"' in answer.text
    assert "TRACKER:ID" in answer.text
    hostile = site.get("/trace", params={"q": '"><script>alert(1)</script>'})
    assert hostile.status_code == 404
    assert "<script>alert" not in hostile.text
    assert site.get("/trace", params={"q": "x" * 5000}).status_code == 422


def test_a_date_that_is_none_says_how_to_write_one(site: Site) -> None:
    """The form keeps what was typed."""
    answer = site.get("/trace?q=CHECKOUT&at=yesterday")
    assert answer.status_code == 400
    assert "2026-03-31" in answer.text
    assert 'value="yesterday"' in answer.text
