import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.findings import (
    Coverage,
    Findings,
    GoalChange,
    GoalRow,
    IssueLine,
    Listing,
    NotChecked,
    Point,
    Slice,
)
from vindaris_sync.domain.wording import compare, visible
from vindaris_sync.report import to_html
from vindaris_sync.report.page import PARTS, SHOWN, web_link

VOID = {"meta", "br", "rect", "path", "link", "img"}


class _Page(HTMLParser):
    """The page as a reader has it: tags, links, and the text that is shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.style = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_tells_the_night(night: Findings) -> None:
    """Headline figures with their change, decisions, goals with output beside outcome, and what was not checked."""
    text = _Page(to_html(night)).text
    for fact in (
        "62 % of 640 open issues serve a goal (+1.5 points since the last report).",
        "22 November 2026",
        "171 linked 27 %, +5",
        "207 unlinked 32 %, −9",  # noqa: RUF001 - a typographic minus
        "Created from a goal 41 +4 88 more linked at birth",
        "Goals without work 2",
        "Suspect links 14 +3 the oldest for 33 days",
        "gitlab-labs : stopped: the token was refused (401) , 214 issues",
        "76 of 132 done 58 %",
        "Trials that convert 11.2 %",
        "8 → 16 %, 40 % of the way",
        "1.4 → 3, worse than the baseline",
        "22 → 5 a week, target reached",
        "40 → 10 a week, not known",
        "LEGACY: active → achieved.",
        "GROW-ONBOARD, Minutes to first result: 21 → 19 min.",
        "label missing github-acme 4 4",
        "Nothing to do: in sync 4,312, closed 2,210",
        "the creation date is missing",
    ):
        assert fact in text


def test_the_page_is_one_file(night: Findings) -> None:
    """It loads nothing, runs nothing, and says so to the browser."""
    page = _Page(to_html(night))
    assert not page.tags.keys() & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "use", "image"}
    assert not [name for _, name, _ in page.attributes if name in ("src", "srcset") or name.startswith("on")]
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert any("default-src 'none'" in value for _, _, value in page.attributes)


def test_a_hostile_title_arrives_as_text(night: Findings, hostile: str) -> None:
    """Markup is shown as it was written, without the characters that turn text around."""
    html = to_html(night)
    assert "<script>alert(1)</script> <!channel> *bold*" in _Page(html).text
    assert hostile not in html
    assert "\u202e" not in html


def test_every_field_that_a_stranger_writes_is_escaped(empty_night: Findings) -> None:
    """Keys, titles, notes, names and reasons from outside open no tag and no attribute."""
    evil = '"><b id=evil>x</b>'
    line = IssueLine(evil, evil, f"https://x.example/{evil}", evil, evil, evil, empty_night.at, evil)
    goal = GoalRow(evil, evil, evil, evil, evil, evil)
    listing = Listing(1, (line,))
    findings = replace(
        empty_night,
        goals=(goal, replace(goal, key="B", status="active")),
        suspect=listing,
        conflicts=listing,
        not_checked=(NotChecked(evil, evil),),
        skipped={evil: 1},
    )
    page = _Page(to_html(findings))
    assert ("b", "id", "evil") not in page.attributes
    assert page.text.count("<b id=evil>x</b>") >= 9


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x", "", "https://x/\u202ey"),
        *("https://x y", " https://x", "https://" + "x" * 3000, "JAVASCRIPT:x", "https://x\n"),
    ],
)
def test_links_lead_to_web_pages_only(url: str) -> None:
    """Any other address is shown without a link."""
    assert web_link(url) == ""


def test_links_are_kept_from_telling_where_they_were_followed(night: Findings) -> None:
    """The trackers do not learn where the report lies."""
    page = _Page(to_html(night))
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert "https://tracker.example/APP/0" in links
    assert [value for tag, name, value in page.attributes if (tag, name) == ("a", "rel")] == [
        "noreferrer noopener"
    ] * len(links)


def test_the_page_can_be_heard(night: Findings) -> None:
    """Headings descend in order, tables have captions and headers with a scope, charts have words."""
    html = to_html(night)
    page = _Page(html)
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.tags["caption"] == page.tags["table"]
    assert page.tags["th"] == len([1 for tag, name, _ in page.attributes if (tag, name) == ("th", "scope")])
    pictures = re.findall(r"<svg[^>]*>", html)
    assert pictures
    assert all("aria-label=" in picture or 'aria-hidden="true"' in picture for picture in pictures)
    assert ("html", "lang", "en") in page.attributes


def test_references_inside_the_page_are_unique_and_lead_somewhere(night: Findings) -> None:
    """Every id is there once, and every label that is pointed at exists."""
    attributes = _Page(to_html(night)).attributes
    ids = [value for _, name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for _, name, value in attributes if name == "aria-labelledby"} <= set(ids)


def test_the_page_fits_phone_paper_and_night(night: Findings) -> None:
    """Styles for narrow screens, for A4 and for dark surroundings are in the file."""
    page = _Page(to_html(night))
    assert ("meta", "content", "width=device-width, initial-scale=1") in page.attributes
    for rule in ("@media (max-width:", "@media print", "size: A4", "prefers-color-scheme: dark"):
        assert rule in page.style


def test_long_lists_say_what_is_left(night: Findings) -> None:
    """A list is cut at its bound, and the count of the rest is true."""
    text = _Page(to_html(night)).text
    assert f"and {56 - SHOWN} more" in text


def test_a_list_that_is_whole_elsewhere_says_where(empty_night: Findings) -> None:
    """Where the table beside the report holds every line, the page says so."""
    lines = tuple(IssueLine(f"A-{n}", "t") for n in range(SHOWN + 2))
    html = to_html(replace(empty_night, conflicts=Listing(SHOWN + 2, lines)))
    assert "and 2 more, in the table beside this report" in _Page(html).text


def test_a_night_without_anything_is_a_whole_page(empty_night: Findings) -> None:
    """The first night of a new installation needs no goal, no issue and no earlier report."""
    text = _Page(to_html(empty_night)).text
    assert "There is no open work yet. Everything was checked." in text
    assert "Nothing. Every active goal has work" in text
    assert "The line starts with the second report." in text


def test_a_night_without_open_work_is_a_gap_in_the_line(night: Findings) -> None:
    """A share that nobody knows is neither 0 nor drawn through."""
    first, second, third = night.trend[0], Point(night.trend[1].at, Coverage()), night.trend[2]
    html = to_html(replace(night, trend=(first, second, third)))
    (path,) = re.findall(r'class="curve" d="([^"]*)"', html)
    assert [part[0] for part in path.split()] == ["M", "M", "L"]
    assert path.startswith("M0.0,")


def test_parts_are_shown_where_most_is_unlinked(empty_night: Findings) -> None:
    """Teams come first, then trackers, then places; of many places those with the most unlinked work are shown."""
    places = [Slice("place", f"acme/r{number:03}", Coverage(unlinked=number)) for number in range(PARTS + 5)]
    slices = (*places, Slice("tracker", "jira", Coverage(1)), Slice("team", "Growth", Coverage(1)))
    text = _Page(to_html(replace(empty_night, slices=slices))).text
    assert text.index("By team") < text.index("By tracker") < text.index("By place")
    assert f"acme/r{PARTS + 4:03}" in text
    assert "acme/r004" not in text
    assert "and 5 more with fewer unlinked issues" in text


def test_times_are_the_readers(night: Findings) -> None:
    """Instants are shown in the report's time zone; one that is unknown here is read as UTC."""
    assert "22 November 2026, 02:30" in _Page(to_html(night)).text
    assert "22 November 2026, 01:30" in _Page(to_html(replace(night, timezone="Mars/Olympus"))).text


def test_one_goal_is_told_in_the_singular(empty_night: Findings) -> None:
    """The lede's grammar follows its numbers."""
    one = replace(empty_night, goals=(GoalRow("A", "a", priority="P0"),))
    two = replace(empty_night, goals=(GoalRow("A", "a", priority="P0"), GoalRow("B", "b", priority="P1")))
    assert "1 active goal has no work; it is of high priority." in _Page(to_html(one)).text
    assert "2 active goals have no work, all of high priority." in _Page(to_html(two)).text


def test_what_changed_in_a_goal_is_marked_for_eyes_and_for_screen_readers(night: Findings, hostile: str) -> None:
    """Deletions and insertions are elements of their own, with words for those who hear the page."""
    pieces = visible(compare(f"Grow fast {hostile}", f"Grow faster {hostile}"))
    change = GoalChange("GROW", hostile, 1, 3, 12, (Changed("title", pieces),))
    page = _Page(to_html(replace(night, goal_changes=(change,))))
    assert (page.tags["del"], page.tags["ins"], page.tags["script"]) == (1, 1, 0)
    text = " ".join("".join(page.words).split())
    assert "revision 1 → 3, 12 links to confirm" in text
    assert "Grow [removed: fast] [added: faster]" in text
    assert "\u202e" not in text
