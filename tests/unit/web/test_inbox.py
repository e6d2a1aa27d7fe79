"""The inbox: what it shows of a review, and how reviews are answered there by plain forms."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from tests.unit.web.site import Site, open_site
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.models import Exemption, Provenance
from vindaris_sync.domain.records import Record
from vindaris_sync.domain.rules import Condition, Stated
from vindaris_sync.engine.answering import Answers

HOSTILE = "<script>alert(1)</script> \u202egnirts '\"><img src=x onerror=alert(1)>"


def ask(site: Site, *titles: str, label: str = "", **how: Any) -> list[str]:
    """Let issues be written and read; return their keys."""
    made = [site.tracker.create("APP", title, labels=[label] if label else [], **how) for title in titles]
    site.clock.on(minutes=1)
    site.pull()
    return [site.tracker.issue(each).key for each in made]


def change(site: Site, before: str, after: str) -> None:
    """Let a goal change, and count."""
    goals = site.app.config.goals.file
    assert goals is not None
    goals.write_text(goals.read_text("utf-8").replace(before, after), "utf-8")
    for _ in range(2):
        site.clock.on(minutes=30)
        site.pull()


def record(site: Site, key: str) -> Record:
    [number, *_] = site.page.store.find(key)
    return site.page.store.view_records([number])[number]


def asks(site: Site, key: str) -> list[str]:
    return [str(cause.key.reason) for cause in record(site, key).causes if cause.answer is None]


def shown(answer: Response) -> list[str]:
    """Return the keys of the reviews on a page, in order."""
    return re.findall(r'aria-label="Select ([^"]+)"', answer.text)


def forms(answer: Response, key: str) -> dict[str, str]:
    """Return the hidden fields of the review of ``key``."""
    [review] = [each for each in answer.text.split("<article") if f'aria-label="Select {key}"' in each]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', review))
    return {name: unescape(value) for name, value in fields.items()}


def said(answer: Response) -> str:
    """Return the text of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def decide(site: Site, key: str, act: str, **fields: str) -> Response:
    """Answer the review of ``key`` by one of its forms."""
    form = forms(site.get("/inbox"), key)
    return site.browser.ask("POST", "/inbox", data={**form, "act": act, **fields}, follow=True)


def elsewhere(site: Site, key: str, goal: str, who: str = "ben") -> None:
    """Let somebody decide by another way."""
    answers = Answers(site.page.store, {}, site.page.context.teams, site.clock)
    answers.link(key, [goal], By(who, "chat", "", site.clock()))


def test_a_review_tells_what_a_person_needs_to_answer_it(site: Site) -> None:
    """The issue and where it hangs, why it is asked, since when, and goals that it may serve with the evidence."""
    [above] = ask(site, "Everything about paying")
    parent = record(site, above).ref.id
    [key] = ask(site, "Make checkout faster by caching", parent=parent)
    elsewhere(site, above, "CHECKOUT")
    site.pull()
    [other] = ask(site, "Checkout by invoice")
    text = said(site.get("/inbox"))
    assert f"{other} Checkout by invoice Growth Task in APP" in text
    assert "Serves no goal · asked today" in text
    assert "1 CHECKOUT Faster checkout" in text
    assert "its title names the goal" in text
    assert key not in text, "it inherits its parent's goal"


def test_a_suggested_goal_is_accepted_with_one_click_and_stands_on_the_issue_after_the_next_pass(site: Site) -> None:
    """Who decided is kept; the question is gone at once, and what was decided can be taken back."""
    [key] = ask(site, "Checkout by invoice")
    answer = decide(site, key, "accept CHECKOUT")
    assert shown(answer) == []
    assert f"{key} : no link of its own → CHECKOUT by somebody at this machine" in said(answer)
    [link] = record(site, key).links
    assert (link.provenance, link.who) == (Provenance.ACCEPTED, "somebody at this machine")
    assert site.page.context.nudges.take_decided(), "the daemon is told to carry it out"
    site.pull()
    assert site.tracker.issue(record(site, key).ref.id).labels == ("goal:CHECKOUT",)


def test_a_changed_goal_is_shown_word_by_word_and_confirmed(site: Site) -> None:
    """What went and what came are marked as such for eyes and ears."""
    [key] = ask(site, "Cache the prices", label="goal:CHECKOUT")
    change(site, "Faster checkout", "Cheaper checkout")
    answer = site.get("/inbox")
    [shown_] = re.findall(r"<dt>title</dt><dd>(.*?)</dd>", answer.text, re.DOTALL)
    assert shown_ == "<del>Faster</del> <ins>Cheaper</ins> checkout"
    assert "What changed since revision 1" in answer.text
    answer = decide(site, key, "confirm")
    assert f"{key} : CHECKOUT, confirmed" in said(answer)
    assert asks(site, key) == []


def test_no_goal_work_needs_a_reason_and_ends(site: Site) -> None:
    """Without one nothing is kept, and the page says what is missing."""
    [key] = ask(site, "Upgrade the build image")
    answer = decide(site, key, "exempt", until="2026-06-01")
    assert (answer.status_code, asks(site, key)) == (409, ["unlinked"])
    assert f"{key}: say why it is no goal work" in said(answer)
    decide(site, key, "exempt", why="upkeep", until="2026-06-01")
    exempt = record(site, key).explicit
    assert isinstance(exempt, Exemption)
    assert (exempt.reason, exempt.expires and exempt.expires.date().isoformat()) == ("upkeep", "2026-06-01")


def test_whoever_is_second_hears_who_was_first(site: Site) -> None:
    """Nothing of the first decision is overwritten by a page that was loaded before it."""
    [key] = ask(site, "Checkout by invoice")
    form = forms(site.get("/inbox"), key)
    elsewhere(site, key, "GROW")
    answer = site.browser.ask("POST", "/inbox", data={**form, "act": "accept CHECKOUT"})
    assert answer.status_code == 409
    assert f"{key}: ben linked it to GROW just now" in said(answer)
    assert "nothing was changed" in said(answer)
    assert [link.who for link in record(site, key).links] == ["ben"]


def test_a_form_that_is_sent_twice_is_one_decision(site: Site) -> None:
    """An impatient second click hears the same as the first."""
    [key] = ask(site, "Checkout by invoice")
    form = {**forms(site.get("/inbox"), key), "act": "accept CHECKOUT"}
    first, second = (site.browser.ask("POST", "/inbox", data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert len([each for each in site.page.store.history(issue=record(site, key).id) if each.how == "page"]) == 1


def test_words_in_place_of_a_goals_key_lead_to_a_search(site: Site) -> None:
    """The form works with and without suggestions of the browser; what is found is one click away."""
    [key] = ask(site, "Cache the prices")
    answer = decide(site, key, "link", goal="grow busi")
    assert answer.url.path == "/inbox/goals"
    assert "GROW Grow the business" in said(answer)
    assert "Cache the prices" in said(answer)
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    form = {name: unescape(value) for name, value in form.items()}
    done = site.browser.ask("POST", "/inbox", data={**form, "act": "link GROW"}, follow=True)
    assert f"{key} : no link of its own → GROW" in said(done)
    assert "No open goal is called so" in said(site.get("/inbox/goals", params={"pick": key, "q": "zzz"}))


def test_many_are_answered_at_once_and_taken_back_at_once(site: Site) -> None:
    """One that somebody else has decided meanwhile is left, and told."""
    keys = ask(site, "One", "Two", "Three")
    page = site.get("/inbox")
    picks = [forms(page, key)["pick"] for key in keys]
    elsewhere(site, keys[1], "GROW")
    sent = {"pick": picks, "act": "link", "goal": "checkout", "key": "k"}
    answer = site.post("/inbox", sent, on="/inbox")
    assert answer.status_code == 200
    assert f"{keys[1]}: ben linked it to GROW" in said(answer)
    assert f"{keys[0]} and 1 more: no link of its own → CHECKOUT" in said(answer)
    [number] = re.findall(r'name="answer" value="(\d+)"', answer.text)
    answer = site.post("/inbox/undo", {"answer": number}, on="/inbox", follow=True)
    assert "Taken back" in said(answer)
    assert shown(answer) == [keys[0], keys[2]]
    assert [asks(site, key) for key in keys] == [["unlinked"], [], ["unlinked"]]


def test_a_decision_is_taken_back_for_ten_minutes_only(site: Site) -> None:
    """The offer is gone from the page by then, and an old form is refused."""
    [key] = ask(site, "Cache the prices")
    answer = decide(site, key, "link", goal="GROW")
    [number] = re.findall(r'name="answer" value="(\d+)"', answer.text)
    site.clock.on(minutes=11)
    assert "Just decided" not in site.get("/inbox").text
    late = site.post("/inbox/undo", {"answer": number}, on="/inbox")
    assert late.status_code == 409
    assert "ten minutes" in said(late)
    assert [link.goal for link in record(site, key).links] == [1]


def test_what_is_muted_is_out_of_sight_and_comes_back(site: Site) -> None:
    """By choice it is shown, with the end of the mute and a way to end it now."""
    one, two = ask(site, "One", "Two")
    answer = decide(site, one, "mute", why="waits for the vendor")
    assert shown(answer) == [two]
    assert "Muted." in said(answer)
    everything = site.get("/inbox?muted=1")
    assert shown(everything) == [one, two]
    assert "muted until 2026-03-09" in said(everything)
    pick = forms(everything, one)["pick"]
    assert shown(site.post("/inbox/unmute", {"pick": pick}, on="/inbox", follow=True)) == [one, two]
    assert decide(site, one, "mute").status_code == 409, "a mute says why"


def test_the_list_is_chosen_and_ordered_by_its_address(site: Site) -> None:
    """By reason, goal and age, and by the priority of the goal that is asked about; what cannot be is said."""
    [first] = ask(site, "First")
    [linked] = ask(site, "Cache the prices", label="goal:CHECKOUT")
    [last] = ask(site, "Last")
    change(site, "Faster checkout", "Cheaper checkout")
    assert shown(site.get("/inbox")) == [first, last, linked]
    assert shown(site.get("/inbox?sort=newest")) == [linked, last, first]
    assert shown(site.get("/inbox?sort=priority")) == [linked, first, last]
    assert shown(site.get("/inbox?reason=goal_changed")) == [linked]
    assert shown(site.get("/inbox?goal=checkout")) == [linked]
    assert shown(site.get("/inbox?team=Growth&reason=unlinked")) == [first, last]
    for wrong, told in {
        "team=Sales": "no team 'Sales'",
        "reason=mood": "no reason 'mood'",
        "goal=x": "goal is called 'x'",
    }.items():
        answer = site.get(f"/inbox?{wrong}")
        assert told in said(answer)
        assert shown(answer) == [first, last, linked]


def test_a_long_list_goes_on_on_the_next_page_each_review_once(site: Site) -> None:
    """Fifty on a page, in every order, and every one below 300 kB."""
    keys = ask(site, *(f"{number} {HOSTILE * 4}" for number in range(120)))
    for order in ("oldest", "newest", "priority"):
        seen, where = [], f"/inbox?sort={order}"
        while where:
            answer = site.get(where)
            assert len(answer.content) < 300_000
            seen += shown(answer)
            following = re.search(r'href="(\?[^"]+)" rel="next"', answer.text)
            where = f"/inbox{unescape(following[1])}" if following else ""
        assert sorted(seen) == sorted(keys), order
        assert len(seen) == 120


def test_hostile_titles_are_text(site: Site) -> None:
    """Nothing that strangers wrote becomes markup, or turns the direction of what stands beside it."""
    [key] = ask(site, HOSTILE)
    for answer in (site.get("/inbox"), site.get("/inbox/goals", params={"pick": key, "q": HOSTILE})):
        assert "<img" not in answer.text
        assert "<script>alert" not in answer.text
        assert "\u202e" not in answer.text.split("</form>")[0]
        assert "&lt;script&gt;alert(1)" in answer.text


def test_whoever_may_only_read_sees_no_forms_and_can_send_none(tmp_path: Path) -> None:
    """The list is the same."""
    with open_site(tmp_path, 'without_login = "read"') as site:
        site.pull()
        [key] = ask(site, "One")
        answer = site.get("/inbox")
        assert key in answer.text
        assert 'method="post"' not in answer.text
        sent = site.post("/inbox", {"pick": key, "act": "link", "goal": "GROW"}, on="/inbox")
        assert (sent.status_code, asks(site, key)) == (403, ["unlinked"])


def test_nobody_is_sent_elsewhere_after_a_decision(site: Site) -> None:
    """What a form says of where it came from is read as a choice of reviews, and as nothing else."""
    [key] = ask(site, "One")
    for back in ("https://evil.example/", "//evil.example", "team=x&\r\nSet-Cookie: a=b", "a" * 1999):
        form = (
            forms(site.get("/inbox?muted=1"), key) if asks(site, key) else {"pick": key, "csrf": site.browser.token()}
        )
        answer = site.browser.ask("POST", "/inbox", data={**form, "act": "link", "goal": "GROW", "back": back})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/inbox?")
        assert "evil" not in answer.headers["location"]


@pytest.mark.parametrize("act", ["drop", "link", "accept NONE"])
def test_what_no_button_says_is_refused_or_searched_for(site: Site, act: str) -> None:
    """Nothing is kept of it."""
    [key] = ask(site, "One")
    answer = decide(site, key, act)
    assert answer.status_code == 409 or answer.url.path == "/inbox/goals"
    assert asks(site, key) == ["unlinked"]


def test_rules_and_goals_that_are_asked_about_stand_there_too(site: Site) -> None:
    """A rule is confirmed for all that it links."""
    site.app.context = replace(site.app.context, link_rules=(Stated("CHECKOUT", {Condition.TYPE: ("Task",)}),))
    ask(site, "By rule")
    change(site, "Faster checkout", "Cheaper checkout")
    answer = site.get("/inbox")
    assert "rule:1 type = Task Its goal has changed" in said(answer)
    fields = {"pick": re.findall(r'value="([0-9a-f.]+ rule:1)"', answer.text)[0], "act": "confirm"}
    done = site.post("/inbox", fields, on="/inbox", follow=True)
    assert "rule:1 : CHECKOUT, confirmed" in said(done)
    assert "Its goal has changed" not in said(done).split("Just decided")[1].split("Team")[0]
