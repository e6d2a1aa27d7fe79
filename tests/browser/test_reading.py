"""Every page of a company that has worked for a week: axe finds no barrier, and no page is wider than its screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.larkmoor import Larkmoor, larkmoor
from tests.browser.seeing import DESK, PHONE, Eyes, Scheme, barriers, overflows, squeezed

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Larkmoor]:
    with larkmoor(tmp_path_factory.mktemp("larkmoor")) as made:
        yield made


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)])
@pytest.mark.timeout(300)
def test_no_page_keeps_anybody_out(company: Larkmoor, eyes: Eyes, scheme: Scheme, size: tuple[int, int]) -> None:
    """In light and dark, on a desk and on a phone: nothing serious or critical, and nothing to be scrolled sideways."""
    page = eyes.person(f"{company.url}/inbox", scheme=scheme, size=size, bypass_csp=True)  # axe is a foreign script
    found: dict[str, list[str]] = {}
    for name, place in company.places().items():
        page.goto(company.url + place)
        eyes.keep(page, f"{name} {scheme} {size[0]}")
        found[name] = barriers(page) + squeezed(page) + (["wider than the screen"] if overflows(page) else [])
    page.goto(f"{company.url}/inbox")
    for each in page.locator("details").all():
        each.evaluate("each => { each.open = true; }")
    found["opened"] = barriers(page)
    page.keyboard.press("?")
    found["keys"] = barriers(page)
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_what_is_wrong_is_found(eyes: Eyes) -> None:
    """A picture without words, a page wider than its screen and a column of letters do not pass."""
    page = eyes.person("about:blank", size=PHONE)
    wrong = '<img src="data:,"><p style="width: 500px">wide</p><p style="width: 2px">corrected invoices</p>'
    page.set_content(f"<!doctype html><main>{wrong}</main>")
    assert any(each.startswith("image-alt (critical)") for each in barriers(page))
    assert overflows(page)
    assert squeezed(page) == ["squeezed: corrected invoices"]
