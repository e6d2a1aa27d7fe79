"""What strangers wrote, through every output there is: it stays text, its size is bounded, and nothing steers anything.

Chats have the same corpus in ``tests/integration/notify``; here are pages, API, figures, reports, command line and log.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from httpx import Response
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from tests.security.corpus import HOSTILE
from tests.unit.cli.installation import Installation
from tests.unit.web.site import Site, open_site
from vindaris_sync.cli.main import app
from vindaris_sync.domain.decisions import By
from vindaris_sync.domain.findings_json import to_json
from vindaris_sync.domain.text import clean, one_line
from vindaris_sync.domain.trends import night_of
from vindaris_sync.engine.answering import Answers
from vindaris_sync.engine.findings import gather_findings
from vindaris_sync.report.write import write
from vindaris_sync.store.passes import ReportFacts

MORE = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", '"=1",=1', "[x](javascript:alert(1))", "'; DROP TABLE issue; --")
HARMLESS = (*(f"A plain title {number}" for number in range(len(HOSTILE + MORE) - 1)), "Long " * 40_000)
LARGEST = 300_000
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
GOAL = "CHECKOUT"
PARAMETERS = {
    "/goals/{key}": (f"/goals/{GOAL}", f"/goals/{GOAL}?work=all", "/goals/EVIL-0"),
    "/reports/{day}": ("/reports/2026-03-02",),
    "/reports/{day}/whole": ("/reports/2026-03-02/whole",),
    "/reports/{day}/{name}": ("/reports/2026-03-02/issues.csv", "/reports/2026-03-02/goals.csv"),
    "/api/v1/reviews/{name:path}/candidates": ("/api/v1/reviews/APP-1/candidates",),
    "/api/v1/reviews/{name:path}": ("/api/v1/reviews/APP-1",),
    "/api/v1/goals/{key:path}/work": (f"/api/v1/goals/{GOAL}/work",),
    "/api/v1/goals/{key:path}": (f"/api/v1/goals/{GOAL}", "/api/v1/goals/EVIL-0"),
    "/api/v1/trackers/{name}": ("/api/v1/trackers/mem",),
    "/api/v1/reports/{day}": ("/api/v1/reports/2026-03-02",),
    "/static/{digest}/{name}": (),
    "/login/oidc": (),
    "/login/oidc/back": (),
}
"""What stands for routes with parameters; an empty tuple: nothing of strangers is shown there."""
ASKED = ("/trace", "/inbox/goals", "/api/v1/trace", "/api/v1/search/goals", "/goals", "/inbox")


@dataclass
class Skeleton(HTMLParser):
    """The elements of a page with their attributes' names, where links lead, and what is read."""

    elements: set[tuple[str, ...]] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements |= {(tag, name) for name, _ in attrs} | {(tag,)}
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src", "action", "formaction"}}
        self.words += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _fill(site: Site, folder: Path, titles: Sequence[str]) -> None:
    """Let strangers write everything that can be written: issues, goals, reasons, names; and report on it."""
    printed = [json.dumps(title.encode("utf-8", "replace").decode()[:5000], ensure_ascii=False) for title in titles]
    goals = [
        f'[[goal]]\nkey = "EVIL-{n}"\ntitle = {text}\ndescription = {text}\nowner = {text}\n'
        for n, text in enumerate(printed)
    ]
    (folder / "goals.toml").write_text(
        (folder / "goals.toml").read_text() + "\n".join(goals).replace("\x7f", ""), "utf-8"
    )
    made = [
        site.tracker.create("APP", title, type=clean(title)[:200], author=clean(title), assignee=clean(title))
        for title in titles
    ]
    for number, title in zip(made, titles, strict=True):
        site.tracker.set_components(number, title)
        site.tracker.set_milestone(number, title)
    linked = [site.tracker.create("APP", title, labels=[f"goal:{GOAL}"]) for title in titles]
    site.tracker.create("APP", titles[3], parent=linked[3])
    site.pull()
    context = site.app.context
    answers = Answers.of(context)
    for title in titles:
        answers.exempt(
            site.tracker.issue(made[-1]).key, By(one_line(title, 60), "chat", one_line(title, 300), site.clock())
        )
    site.pull()
    findings = gather_findings(context, None, "UTC")
    write(findings, folder / "state" / "reports")
    kept = ReportFacts(findings.at, site.clock().date(), to_json(findings), titles[4][:300], night_of(findings))
    site.app.store.put_report(kept)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    """Give a site to which strangers wrote the whole corpus, and its folder."""
    folder = tmp_path_factory.mktemp("hostile")
    with open_site(folder) as site:
        site.pull()
        _fill(site, folder, HOSTILE + MORE)
        yield site, folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give the same site with harmless words."""
    folder = tmp_path_factory.mktemp("plain")
    with open_site(folder) as site:
        site.pull()
        _fill(site, folder, HARMLESS)
        yield site


def _paths(site: Site) -> Iterator[str]:
    """Yield an address for every route that is read, those that are searched with hostile words, too."""
    for route in site.browser.application.routes:
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
            continue
        if "{" in route.path:
            yield from PARAMETERS[route.path]
        else:
            yield route.path
    for path in ASKED:
        name = "team" if path == "/inbox" else "q"
        for text in (*HOSTILE[:7], "plain", "APP-1", "APP-40"):
            yield f"{path}?{name}={quote(text.encode('utf-8', 'replace'))}"


def _walked(site: Site) -> dict[str, Response]:
    return {path: site.browser.get(path) for path in dict.fromkeys(_paths(site))}


def test_pages_show_strangers_words_as_text(hostile: tuple[Site, Path], plain: Site) -> None:
    """No element and no attribute that the same page has not with harmless words; nothing that steers; no size."""
    site, _ = hostile
    allowed: set[tuple[str, ...]] = {("title",)}
    for answer in _walked(plain).values():
        allowed |= _skeleton(answer).elements
    problems: list[tuple[object, ...]] = []
    for path, answer in _walked(site).items():
        if answer.status_code >= 500 or len(answer.content) > LARGEST:
            problems.append((path, answer.status_code, len(answer.content)))
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        seen = _skeleton(answer)
        problems += [(path, each) for each in seen.elements - allowed]
        problems += [
            (path, each) for each in seen.addresses if not re.match(r"/|https?://|memory://|\?|#|$|data:,", each)
        ]
        problems += [
            (path, found[0], found.string[max(0, found.start() - 40) :][:90])
            for words in seen.words
            if (found := STEERING.search(words))
        ]
    assert problems == []


def _skeleton(answer: Response) -> Skeleton:
    found = Skeleton()
    if answer.headers.get("content-type", "").startswith("text/html"):
        found.feed(answer.text)
        found.close()
    return found


def test_programs_are_told_valid_documents(hostile: tuple[Site, Path]) -> None:
    """JSON that any reader takes, figures that Prometheus takes, tables in which nothing is a formula."""
    site, _ = hostile
    for path, answer in _walked(site).items():
        kind = answer.headers.get("content-type", "")
        if "json" in kind:
            json.loads(answer.content.decode("utf-8"))
        elif kind.startswith("text/csv"):
            _no_formulas(answer.text, path)
        assert "\n" not in answer.headers.get("content-disposition", ""), path
    families = list(text_string_to_metric_families(site.browser.get("/metrics").text))
    labels = {value for family in families for sample in family.samples for value in sample.labels.values()}
    assert families
    assert max(map(len, labels)) < 200
    assert not any("script" in value or "@everyone" in value for value in labels)


def _no_formulas(text: str, where: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            number = re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)
            assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (where, cell[:80])
            assert not STEERING.search(cell), (where, cell[:80])


def test_reports_on_disk_are_text(hostile: tuple[Site, Path]) -> None:
    """HTML without scripts, Markdown without markup of others, CSV without formulas."""
    _, folder = hostile
    files = {each.name: each.read_text("utf-8") for each in (folder / "state" / "reports").glob("latest*")}
    assert len(files) == 5
    for name, text in files.items():
        assert len(text) < 2_000_000, name
        if name.endswith(".csv"):
            _no_formulas(text, name)
        elif name.endswith(".html"):
            skeleton = Skeleton()
            skeleton.feed(text)
            assert not {("script",), ("img",), ("iframe",)} & skeleton.elements
            assert not [each for each in skeleton.elements if len(each) > 1 and each[1].startswith("on")]
            assert not [each for each in skeleton.addresses if each.startswith("javascript")]
        elif name.endswith(".md"):
            assert not re.search(r"(?<!\\)<(script|img|a)\b|(?<!\\)\]\((javascript|https://evil)", text)
        if not name.endswith(".json"):
            assert not STEERING.search(text), name


VERBS = (
    ("status",), ("review", "list"), ("trace", "APP-1"), ("trace", "CHECKOUT"), ("goal", "list"),
    ("goal", "show", "EVIL-0"), ("report",), ("report", "--format", "md"), ("plan",), ("run", "--once"),
    ("goal", "search", HOSTILE[0]), ("outcome", "list"), ("rule", "list"), ("work", "list"),
    ("review", "show", "APP-1"), ("review", "suggest", "APP-1"), ("doctor",), ("db", "check"), ("export", "-"),
    ("link", "set", "APP-2", "EVIL-1", "--why", HOSTILE[1]), ("trace", HOSTILE[2]), ("review", "confirm", HOSTILE[3]),
)  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_the_command_line_prints_text_only(hostile: tuple[Site, Path], verb: tuple[str, ...]) -> None:
    """No terminal is steered, lines of the log are whole JSON documents, what is told as JSON is valid."""
    site, folder = hostile
    office = Installation(folder, site.tracker)
    for words in (verb, (*verb, "--json")):
        result = CliRunner().invoke(app, [*words, "--config", str(office.config)])
        if result.exit_code == 2 and "--json" in words:
            continue
        assert result.exception is None or isinstance(result.exception, SystemExit), words
        said = result.stdout + result.stderr
        assert not STEERING.search(said), (
            words,
            [said[max(0, f.start() - 60) : f.end() + 20] for f in STEERING.finditer(said)][:3],
        )
        assert verb[0] != "export" or all(map(json.loads, result.stdout.splitlines()))
        for line in result.stderr.splitlines():
            assert len(line) < 20_000
            if line.startswith("{"):
                json.loads(line)
