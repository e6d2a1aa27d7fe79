"""Pictures in documents are there, small, and made by the list that makes them."""

from __future__ import annotations

import re

from tests.browser.screenshots import IMAGES, LARGEST, SHOTS
from tests.docs.pages import PAGES, text_of

_IMAGE = re.compile(r"!\[([^]]*)\]\(([^)\s]+)\)")


def test_pictures_are_those_that_the_script_makes() -> None:
    """None is missing, none is shown nowhere, and none was put there by hand."""
    shown = {(page.parent / target).resolve() for page in PAGES for _, target in _IMAGE.findall(text_of(page))}
    made = {IMAGES / f"{name}.png" for name in SHOTS}
    assert shown == made == set(IMAGES.iterdir())
    assert all(each.stat().st_size <= LARGEST for each in made)


def test_pictures_say_in_words_what_they_show() -> None:
    """Whoever does not see them reads what is on them."""
    words = [alt for page in PAGES for alt, _ in _IMAGE.findall(text_of(page))]
    assert words
    assert all(len(alt) >= 20 for alt in words), words
