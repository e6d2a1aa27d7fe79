"""The inbox as people use it: by keys, without a script, many at once, on a phone, and with strangers' titles."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.seeing import PHONE, Eyes, barriers, overflows
from tests.security.page import PASSWORD, Front, front
from tests.unit.web.test_inbox import HOSTILE, ask, asks, elsewhere, record

pytestmark = pytest.mark.timeout(120)


def review(key: str) -> str:
    """Return how the review of an issue is found on a page."""
    return f'article:has([aria-label="Select {key}"])'


def goals_of(served: Front, key: str) -> list[str]:
    """Return the goals that an issue is linked to itself."""
    book = served.site.page.store.goal_book()
    return [book.goals[link.goal].key for link in record(served.site, key).links]


def test_keys_answer_reviews_one_after_the_other(served: Front, eyes: Eyes) -> None:
    """Down, link, down, exempt: the place in the list is kept from page to page, and undo takes the last one back."""
    first, second, third = ask(served.site, "Pay with one touch", "Sort the archive", "Water the plants")
    page = eyes.person(f"{served.url}/inbox")
    page.keyboard.press("j")
    expect(page.locator(review(first))).to_be_focused()
    page.keyboard.press("l")
    page.keyboard.type("CHECKOUT")
    page.keyboard.press("Enter")
    expect(page.locator(".recent li")).to_have_count(1)
    expect(page.locator(review(second))).to_be_focused()
    page.keyboard.press("e")
    page.keyboard.type("housekeeping")
    page.keyboard.press("Enter")
    expect(page.locator(".recent li")).to_have_count(2)
    expect(page.locator(review(third))).to_be_focused()
    assert goals_of(served, first) == ["CHECKOUT"]
    assert asks(served.site, second) == []
    eyes.keep(page, "decided")
    page.keyboard.press("u")
    expect(page.locator(review(second))).to_be_visible()
    assert asks(served.site, second) == ["unlinked"]


def test_everything_can_be_answered_without_a_script(served: Front, eyes: Eyes) -> None:
    """A search for a goal, a choice, and undo: forms and links alone."""
    [key] = ask(served.site, "Pay with one touch")
    page = eyes.person(f"{served.url}/inbox", script=False)
    page.get_by_text("Another goal…").or_(page.get_by_text("Link to a goal…")).first.click()
    page.locator(f"{review(key)} input[name=goal]").fill("faster")
    page.locator(review(key)).get_by_role("button", name="Link", exact=True).click()
    page.get_by_role("button", name="CHECKOUT").click()
    expect(page.locator(".recent")).to_contain_text("CHECKOUT")
    assert goals_of(served, key) == ["CHECKOUT"]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(review(key))).to_be_visible()
    assert goals_of(served, key) == []


@pytest.mark.long
def test_many_are_answered_at_once(served: Front, eyes: Eyes) -> None:
    """Those that are selected and no other, in one decision that is one step to take back."""
    keys = ask(served.site, "One", "Two", "Three")
    page = eyes.person(f"{served.url}/inbox")
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("#many-title")).to_contain_text("(2)")
    eyes.keep(page, "selected")
    page.locator("#many").get_by_label("Goal, or words").fill("GROW")
    page.locator("#many").get_by_role("button", name="Link").click()
    expect(page.locator(".recent")).to_contain_text("and 1 more")
    assert [goals_of(served, key) for key in keys] == [["GROW"], ["GROW"], []]
    page.keyboard.press("u")
    expect(page.locator("[data-review]")).to_have_count(3)
    assert [goals_of(served, key) for key in keys] == [[], [], []]


@pytest.mark.long
def test_whoever_comes_second_is_told_who_was_first(served: Front, eyes: Eyes) -> None:
    """What somebody else decided meanwhile stands, and the page says who that was."""
    [key] = ask(served.site, "Pay with one touch")
    page = eyes.person(f"{served.url}/inbox")
    elsewhere(served.site, key, "GROW")
    page.keyboard.press("j")
    page.keyboard.press("l")
    page.keyboard.type("CHECKOUT")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("ben")
    eyes.keep(page, "second")
    assert goals_of(served, key) == ["GROW"]


@pytest.mark.long
@pytest.mark.parametrize("size", [PHONE, (320, 640)])
def test_strangers_titles_are_text_on_a_phone(served: Front, eyes: Eyes, size: tuple[int, int]) -> None:
    """Markup runs nothing, a word without end widens nothing, and axe has nothing to say."""
    titles = (HOSTILE, "x" * 250, "\u202e" + "تجربة " * 12, "Pay 🙂 with one touch")
    ask(served.site, *titles)
    page = eyes.person(f"{served.url}/inbox", scheme="dark", size=size, bypass_csp=True)
    page.on("dialog", lambda dialog: eyes.said.append(dialog.message))
    expect(page.get_by_text("<script>alert(1)</script>").first).to_be_visible()
    assert not overflows(page)
    assert barriers(page) == []
    eyes.keep(page, f"hostile {size[0]}")


@pytest.mark.long
def test_a_login_leads_to_where_one_was_going(tmp_path_factory: pytest.TempPathFactory, eyes: Eyes) -> None:
    """A wrong password says so; the right one leads on; readers are offered no answers; logging out ends it."""
    with front(tmp_path_factory.mktemp("page")) as served:
        ask(served.site, "Pay with one touch")
        page = eyes.person(f"{served.url}/inbox?sort=newest", bypass_csp=True)
        expect(page).to_have_url(re.compile("/login"))
        assert barriers(page) == []
        page.get_by_label("Name").fill("bob")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        eyes.keep(page, "refused")
        page.get_by_label("Name").fill("bob")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{served.url}/inbox?sort=newest")
        expect(page.locator("[data-review]")).to_have_count(1)
        expect(page.locator("[data-review] button")).to_have_count(0)
        page.get_by_role("button", name="Log out").click()
        page.goto(f"{served.url}/inbox")
        expect(page.get_by_label("Password")).to_be_visible()
