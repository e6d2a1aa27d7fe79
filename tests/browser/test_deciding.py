"""From the inbox to the tracker's own page and the chat's message, in a real browser at a real daemon."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.office import office
from tests.browser.seeing import Eyes


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_review_is_answered_by_keys_and_seen_everywhere(tmp_path: Path, eyes: Eyes) -> None:
    """Keys alone: the label appears on the tracker's own page, the message in chat is edited, undo takes both back."""
    with office(tmp_path, "Shorter checkout for guests", "Clean the coffee machine") as (made, [key, other]):
        page = eyes.person(f"{made.page}/inbox")
        tracker = eyes.person(f"{made.company.server.url}/jira/browse/{key}")
        chat = eyes.person(f"{made.company.server.url}/slack/archives/growth")
        expect(tracker.locator(".label", has_text="goal-review")).to_be_visible()
        expect(chat.locator("article", has_text=key)).to_be_visible()
        posted = chat.locator("article").count()
        eyes.keep(page, "1-inbox")

        page.keyboard.press("j")
        while key not in (page.evaluate("document.activeElement.innerText") or ""):
            page.keyboard.press("j")
        page.keyboard.press("l")
        page.keyboard.type("GROW-1")
        page.keyboard.press("Enter")
        expect(page.locator(".recent")).to_contain_text("GROW-1")
        expect(page.locator(".reviews")).not_to_contain_text(key)
        expect(tracker.locator(".label", has_text="goal:GROW-1")).to_be_visible()
        expect(tracker.locator(".label", has_text="goal-review")).to_have_count(0)
        expect(chat.locator("article", has_text="1 issue serves no goal")).to_contain_text("linked to GROW-1")
        expect(chat.locator("article")).to_have_count(posted)  # the message is edited, none is posted
        for seen, name in ((page, "2-decided"), (tracker, "3-tracker"), (chat, "4-chat")):
            eyes.keep(seen, name)

        page.keyboard.press("u")
        expect(page.locator(".reviews")).to_contain_text(key)
        expect(tracker.locator(".label", has_text="goal:GROW-1")).to_have_count(0)
        expect(tracker.locator(".label", has_text="goal-review")).to_be_visible()
        expect(page.locator(".reviews")).to_contain_text(other)
