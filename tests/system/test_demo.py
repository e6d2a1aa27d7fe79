"""``vindaris-sync demo``, as people start it: a process of its own, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from vindaris_sync.domain.findings_json import from_json
from vindaris_sync.domain.models import Exemption, LinkState, Provenance
from vindaris_sync.domain.records import Reason, Record
from vindaris_sync.store.store import Store

ENVIRONMENT = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
pytestmark = pytest.mark.xdist_group("demo")  # what it leaves is made once
STARTED = (sys.executable, "-c", "from vindaris_sync.cli.main import app; app()", "demo")


class Left:
    """What ``demo --once`` printed, and the store that it left."""

    def __init__(self, directory: Path, done: subprocess.CompletedProcess[str], store: Store) -> None:
        self.directory, self.done, self.store = directory, done, store
        ids = {name: store.ids(name) for name in store.trackers()}
        self.records = store.view_records(issue for found in ids.values() for issue in found.values())

    def titled(self, title: str) -> Record:
        """Return the issue of that title."""
        (found,) = (record for record in self.records.values() if record.title == title)
        return found

    def asked(self, title: str) -> set[Reason]:
        """Return for what the review of the issue of that title is open."""
        return {cause.key.reason for cause in self.titled(title).causes if cause.answer is None}


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    directory = tmp_path_factory.mktemp("demo") / "larkmoor"
    done = subprocess.run(
        [*STARTED, "--once", "--directory", str(directory)],
        capture_output=True, text=True, timeout=120, check=False, env=ENVIRONMENT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with Store.open(f"sqlite:///{directory / 'vindaris.db'}") as store:
        yield Left(directory, done, store)


def test_the_company_is_as_large_as_promised(left: Left) -> None:
    """About 150 issues in four places, 12 goals in a hierarchy, and no pull request among the tracked."""
    assert "150 issues and 10 pull requests in 2 Jira projects and 2 GitHub repositories, 12 goals" in left.done.stdout
    assert 140 <= len(left.records) <= 155
    places = {record.place for record in left.records.values()}
    assert places == {"APP", "OPS", "larkmoor/pantry-web", "larkmoor/basket-api"}
    findings = from_json(report.findings) if (report := left.store.last_report()) else None
    assert findings is not None
    assert len(findings.goals) == 12
    assert {goal.depth for goal in findings.goals} == {0, 1, 2}
    assert [goal.key for goal in findings.goals_without_work] == ["RESTORE"]
    assert {goal.status for goal in findings.goals} == {"active", "achieved", "proposed"}
    assert all(goal.outcomes for goal in findings.goals)


def test_every_row_of_the_merge_table_has_happened(left: Left) -> None:
    """In sync, write back, adopt, record agreement, conflict: each on the issue that the story meant (R3)."""
    table = dict(
        re.findall(r"^  (in sync|write back|adopt|record agreement|conflict) +(\d+) ", left.done.stdout, re.MULTILINE)
    )
    assert set(table) == {"in sync", "write back", "adopt", "record agreement", "conflict"}
    assert all(int(count) for count in table.values())
    assert left.titled("Registration forms that forgive and explain").state is LinkState.LINKED
    written = left.titled("Recipes next to products")
    assert [link.provenance for link in written.links] == [Provenance.CHOSEN]
    assert [base.value for key, base in written.bases.items() if key.startswith(("field", "label"))] == [
        ("SEARCH",)
    ] * 2
    adopted = left.titled("Stamp card for regular shops")
    assert [link.provenance for link in adopted.links] == [Provenance.ADOPTED]
    assert [base.value for key, base in adopted.bases.items() if key.startswith("label")] == [("GROWTH",)]
    agreed = left.titled("Scale at dock two drifts after noon")
    assert [link.provenance for link in agreed.links] == [Provenance.CHOSEN]
    assert isinstance(left.titled("Relabel the shelves of aisle seven").explicit, Exemption)
    assert left.titled("Gift boxes for the winter season").conflict is not None


def test_every_cause_of_a_review_stands(left: Left) -> None:
    """Each cause of R7 with each of its histories, and what a person answered is closed."""
    assert left.asked("Vouchers for kitchens that bring another kitchen") == {Reason.UNLINKED}
    assert left.asked("Train three more cold-store drivers") == {Reason.UNLINKED}
    assert left.titled("Train three more cold-store drivers").undecided_since.startswith("link_removed")
    assert left.titled("Upgrade the design system to version 4").undecided_since.startswith("exemption_expired")
    assert left.asked("Checkout on one page") == {Reason.GOAL_CHANGED}
    assert left.asked("Invoices without corrections") == {Reason.GOAL_CLOSED}
    assert left.asked("Order ice by the weather forecast") == {Reason.PARENT_CHANGED}
    assert Reason.UNKNOWN_GOAL in left.asked("Ask suppliers for delivery windows")
    assert left.asked("Gift boxes for the winter season") == {Reason.CONFLICT}
    assert left.asked("Count crates by their tags") == {Reason.REQUESTED}
    assert left.asked("Keep the chain cold from dock to door") == set()
    backlog = [each for each in left.records.values() if each.backlog and each.state is LinkState.UNLINKED]
    assert any(cause.surface_at is None for each in backlog for cause in each.causes)
    assert left.store.check() == ()


def test_moves_and_absence_are_told_apart(left: Left) -> None:
    """A moved issue keeps its identity, a transferred one its old name; a deleted one is a tombstone (L6)."""
    moved = left.titled("Colour of the autumn banner")
    assert moved.place == "OPS"
    assert moved.id in left.store.find(moved.key)
    (transferred,) = (record for record in left.records.values() if "reads “ZIP”" in record.title)
    assert transferred.place == "larkmoor/pantry-web"
    assert len(left.store.ids("github", ("moved",))) == 1
    assert len(left.store.ids("github", ("gone",))) == 1


def test_the_summary_tells_chat_report_and_quiet(left: Left) -> None:
    """The living message, a report that exists, and a second pass that had nothing to do (L3)."""
    text = left.done.stdout
    assert "A second pass found nothing to do." in text
    assert "<!here>" in text  # as people read it; over the wire it is escaped
    assert "4 issues serve no goal" in text
    (path,) = re.findall(r"report +(\S+\.html)", text)
    assert "<html" in Path(path).read_text("utf-8")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines() if str(left.directory) not in line) <= 100


def test_another_terminal_can_look_at_it(left: Left) -> None:
    """The configuration that is left is a real one: ``trace`` finds an issue, its epic, goal and outcome."""
    key = left.titled("Curtains behind the doors of all vans").key
    started = [*STARTED[:-1], "trace", key, "-c", str(left.directory / "vindaris.toml")]
    done = subprocess.run(started, capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "COLD" in done.stdout
    assert "deliveries above 5 °C" in done.stdout


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    """Nothing of the user's is ever mixed with the demo's."""
    (tmp_path / "mine").write_text("mine")
    started = [*STARTED, "--once", "--directory", str(tmp_path)]
    done = subprocess.run(started, capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT)
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_every_act_of_a_person_is_reacted_to_in_the_tracker(tmp_path: Path) -> None:
    """Each of the first acts, one of every kind, shows its reaction in the tracker itself; else the code is not 0."""
    started = [*STARTED, "--acts", "6", "--directory", str(tmp_path / "larkmoor")]
    done = subprocess.run(started, capture_output=True, text=True, timeout=280, check=False, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    _, _, play = done.stdout.partition("Now people go on working")
    acts = re.split(r"(?m)^\d\d:\d\d:\d\d  ", play)[1:]
    assert len(acts) == 6
    for act, words in zip(acts, ("names no goal", "sets the goal", "the target of", "removes goal:"), strict=False):
        assert words in act
    assert all("→" in act for act in acts)
    assert "nothing happened" not in play
    assert "message edited in place" in play


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
@pytest.mark.timeout(180)
def test_a_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM while the daemon runs: a farewell within seconds, exit code 0, no traceback."""
    place = tmp_path / "larkmoor"
    started = [*STARTED, "--directory", str(place)]
    with subprocess.Popen(
        started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as running:  # fmt: skip
        assert running.stdout is not None
        guard = threading.Timer(150, running.kill)
        guard.start()
        lines = list[str]()
        for line in running.stdout:
            lines.append(line)
            if re.match(r"\d\d:\d\d:\d\d  ", line):  # in the middle of an act
                break
        seen = _looked_at("".join(lines))
        running.send_signal(number)
        out, err = running.communicate(timeout=15)
        guard.cancel()
    assert running.returncode == 0, err
    assert "Goodbye." in out
    assert not err
    assert "Inbox" in seen["inbox"]
    assert re.search(r'href="http://127\.0\.0\.1:\d+/jira/browse/APP-\d+"', seen["inbox"])
    assert "/jira/browse/APP-" in seen["jira"]
    assert "/github/larkmoor/" in seen["github"]
    assert "serve no goal" in seen["chat"]
    with Store.open(f"sqlite:///{place / 'vindaris.db'}") as store:
        assert store.check() == ()


def _looked_at(told: str) -> dict[str, str]:
    """Return the pages that the demo names, as a browser gets them, by name."""
    named = re.findall(r"(?m)^  (inbox|jira|github|chat) +(http://\S+)", told)
    with httpx.Client(headers={"Accept": "text/html"}, trust_env=False, timeout=30) as browser:
        return {name: browser.get(url).raise_for_status().text for name, url in named}


def test_the_output_in_the_docs_is_what_it_prints(left: Left) -> None:
    """``docs/demo.txt`` is the output of ``make demo ONCE=1``; places, ports and days aside, it has not changed."""
    shown = (Path(__file__).parents[2] / "docs" / "demo.txt").read_text("utf-8")
    headings = r"(?m)^(?:Larkmoor|Pulled|What|Reviews|Coverage|Where)\b.*"
    assert re.findall(headings, shown) == re.findall(headings, left.done.stdout)
    rows = r"(?m)^  +(?:[A-Z]+  .*|(?:adopt|write back|conflict|record agreement|it serves|its ) .*)$"
    assert re.findall(rows, shown) == [line.rstrip() for line in re.findall(rows, left.done.stdout)]


@pytest.mark.timeout(120)
def test_a_signal_before_the_summary_ends_it_well(tmp_path: Path) -> None:
    """Whoever is impatient meets neither a traceback nor a code that says failure."""
    started = [*STARTED, "--directory", str(tmp_path / "larkmoor")]
    with subprocess.Popen(
        started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as running:
        while running.poll() is None and not (tmp_path / "larkmoor" / "vindaris.db").exists():
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=15)
    assert running.returncode == 0, err
    assert out.startswith("Goodbye.")
    assert not err
