"""The reports' pages: trends over the nights, each night in numbers, and its files."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta

from tests.unit.web.site import Site
from vindaris_sync.domain.findings import DriftRow, IssueLine, Listing
from vindaris_sync.domain.findings_json import to_json
from vindaris_sync.domain.trends import night_of
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.store.passes import ReportFacts

HOSTILE = "=cmd|'/c calc'!A0 <script>alert(1)</script>"


def keep_reports(site: Site, nights: int = 3) -> date:
    """Keep reports of some nights, the last one today's; return its date."""
    found = gather_findings(site.app.context, None, "UTC")
    line = IssueLine("APP-1", HOSTILE, "javascript:alert(1)", "mem", "APP")
    today = site.clock().date()
    for night in range(nights):
        back = timedelta(days=nights - 1 - night)
        drift = (DriftRow(HOSTILE, "mem", night + 1, night),)
        told = replace(found, at=site.clock() - back, drift=drift, unlinked=Listing(7, (line,)))
        site.app.store.put_report(ReportFacts(told.at, today - back, to_json(told), "/gone.html", night_of(told)))
    return today


def test_without_a_report_the_page_says_when_there_will_be_one(site: Site) -> None:
    """No empty charts."""
    text = site.get("/reports").text
    assert "No night has been reported yet" in text
    assert "<svg" not in text


def test_trends_are_drawn_with_a_table_beside_and_a_file(site: Site) -> None:
    """Each chart says in words what it shows; the list and the file have the same numbers."""
    site.tracker.create("APP", "Alone")
    site.pull()
    keep_reports(site)
    text = site.get("/reports").text
    assert 'aria-label="Drift, from 1 to 3; least 1, most 3"' in text
    assert re.findall(r'href="/reports/(2026-\d\d-\d\d)"', text) == ["2026-03-02", "2026-03-01", "2026-02-28"]
    answer = site.get("/reports/trends.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["drift"] for row in rows] == ["1", "2", "3"]
    assert [row["left"] for row in rows] == ["1", "1", "1"]
    assert rows[0]["coverage"] == "0.0"


def test_a_night_is_shown_in_numbers_and_hostile_text_stays_text(site: Site) -> None:
    """With the nights around it; what is long is cut, and says so."""
    keep_reports(site)
    text = site.get("/reports/2026-03-01").text
    assert "1 March 2026" in text
    assert 'href="/reports/2026-02-28"' in text
    assert 'href="/reports/2026-03-02"' in text
    assert "and 6 more" in text
    assert "<script>alert" not in text
    assert "javascript:" not in text


def test_the_whole_report_is_served_so_that_it_can_run_nothing(site: Site) -> None:
    """Its own styles are allowed, and nothing else at all."""
    keep_reports(site)
    answer = site.get("/reports/2026-03-02/whole")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "<script>alert" not in answer.text
    assert "<style>" in answer.text


def test_files_of_a_report_are_downloads_in_which_no_cell_is_a_formula(site: Site) -> None:
    """All forms that the night writes to disk."""
    keep_reports(site)
    for name in ("report.md", "report.json", "issues.csv", "goals.csv"):
        answer = site.get(f"/reports/2026-03-02/{name}")
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(site.get("/reports/2026-03-02/issues.csv").text)))
    assert rows[0]["title"].startswith("'=cmd")


def test_what_is_no_night_is_not_found(site: Site) -> None:
    """No path of the machine is made from what somebody asks for."""
    keep_reports(site, 1)
    for path in (
        "2026-03-01",
        "yesterday",
        "..%2F..%2Fetc%2Fpasswd",
        "2026-03-02/secrets",
        "2026-13-01",
        "2026-03-02/x.md",
    ):
        assert site.get(f"/reports/{path}").status_code == 404
    assert site.get("/reports?before=nonsense").status_code == 404


def test_more_nights_than_a_page_holds_are_paged(site: Site) -> None:
    """Following "Older" names every night once."""
    keep_reports(site, 70)
    seen = list[str]()
    address = "/reports?days=1000"
    while address:
        text = site.get(address).text
        seen += re.findall(r'class="key" href="/reports/([\d-]+)"', text)
        onward = re.search(r'rel="next" href="(\?before=[\d-]+)', text)
        address = f"/reports{onward[1]}" if onward else ""
    assert len(seen) == len(set(seen)) == 70
