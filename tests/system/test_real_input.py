from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = str(Path(sys.executable).with_name("vindaris-sync"))
DATA = Path(os.environ.get("VINDARIS_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
JIRA = ("jira/tidev-dev-ALOY-MOD-DAEMON.jsonl.gz", "jira/tidev-dev-TIMOB.jsonl.gz")
GITHUB = "github/rust-lang__rust-dev-00001-15000.jsonl.gz"
EPICS = "goals/tidev_epics_dev.jsonl.gz"
OUTSIDE = ["MOD-2605", "MOD-2869", "TIMOB-13267", "TIMOB-17966", "TISTUD-6781", "TISTUD-8992", "TISTUD-9169"]

pytestmark = [
    pytest.mark.skipif(
        not all((DATA / name).exists() for name in (*JIRA, GITHUB, EPICS)), reason=f"the real dumps are not in {DATA}"
    ),
    pytest.mark.timeout(540),
    pytest.mark.xdist_group("real input"),
]


COUNTS = {"cloud": 19_474, "center": 19_474, "hub": 8_355}
"""Issues by tracker: Jira Cloud, Jira Data Center, GitHub."""


@dataclass
class Site:
    """The sandbox with the real dumps, and a configuration that names ``trackers``."""

    served: dict[str, Any]
    folder: Path
    trackers: tuple[str, ...]

    @property
    def config(self) -> Path:
        return self.folder / "vindaris.toml"

    def run(self, *words: str, expect: int = 0) -> Any:
        answer = subprocess.run(
            [COMMAND, *words, "--config", str(self.config), "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == expect, answer.stderr[-3000:]
        return json.loads(answer.stdout)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.folder / "vindaris.db")
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


@pytest.fixture(params=[("cloud",), pytest.param(("cloud", "center", "hub"), marks=pytest.mark.long)], ids="+".join)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    words = ["sandbox", "--json", "--jira-cloud", "--jira-dc", "--github"]
    for name in JIRA:
        words += ["--load-jira", str(DATA / name)]
    if "hub" in request.param:
        words += ["--load-github", f"rust-lang/rust={DATA / GITHUB}"]
    command = [COMMAND, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            served = json.loads(_document(sandbox.stdout))
            _write_goals(tmp_path)
            _write_config(tmp_path, served["services"], request.param)
            yield Site(served, tmp_path, request.param)
        finally:
            sandbox.send_signal(signal.SIGINT)
            assert sandbox.wait(20) == 0


def _document(stream: Iterable[str] | None) -> str:
    """Read until the printed JSON document is whole."""
    text = ""
    for line in stream or ():
        text += line
        try:
            json.loads(text)
        except ValueError:
            continue
        return text
    raise AssertionError(text)


def _epics() -> list[dict[str, Any]]:
    with gzip.open(DATA / EPICS, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _write_goals(folder: Path) -> None:
    epics = _epics()
    goals = "".join(
        f"[[goal]]\nkey = {json.dumps(epic['id'])}\n"
        f"title = {json.dumps(epic['name'] or epic['summary'] or epic['id'], ensure_ascii=False)}\n"
        f"description = {json.dumps((epic['description'] or '').replace(chr(127), ''), ensure_ascii=False)}\n"
        for epic in epics
    )
    (folder / "goals.toml").write_text(goals, "utf-8")
    with (folder / "links.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["issue", "goal"], *([epic["id"], epic["id"]] for epic in epics)])


def _write_config(folder: Path, services: dict[str, Any], trackers: tuple[str, ...]) -> None:
    blocks = [f'state_dir = "{folder}"\n']
    for name in (each for each in trackers if each != "hub"):
        service = {"cloud": "jira-cloud", "center": "jira-dc"}[name]
        email = f'email = "{services[service]["email"]}"\n' if name == "cloud" else ""
        blocks.append(
            f'[trackers.{name}]\nkind = "jira"\nurl = "{services[service]["url"]}"\n{email}'
            f'token = {{ file = "{name}.token" }}\nprojects = ["ALOY", "DAEMON", "MOD", "TIMOB"]\n'
        )
        _secret(folder / f"{name}.token", services[service]["token"])
    if "hub" in trackers:
        blocks.append(
            f'[trackers.hub]\nkind = "github"\nurl = "{services["github"]["url"]}"\n'
            'token = { file = "hub.token" }\nrepositories = ["rust-lang/rust"]\n'
        )
        _secret(folder / "hub.token", services["github"]["token"])
    scopes = json.dumps([f"{name}:*" for name in trackers])
    blocks.append(f'[notify.log]\nkind = "log"\n[[teams]]\nname = "All"\nnotify = "log"\nscopes = {scopes}\n')
    (folder / "vindaris.toml").write_text("".join(blocks), "utf-8")


def _secret(path: Path, value: str) -> None:
    path.write_text(value)
    path.chmod(0o600)


def test_every_real_issue_is_accounted_for_and_its_goal_is_right(site: Site) -> None:
    """Day one on 19,474 Jira issues, as Cloud and as Data Center, and 14,999 items of GitHub."""
    assert site.served["loaded"]
    site.run("run", "--once")
    _everything_was_pulled(site)
    jiras = [name for name in site.trackers if name != "hub"]
    for tracker in jiras:
        refused = site.run("link", "import", str(site.folder / "links.csv"), "--tracker", tracker, expect=1)
        assert sorted(row["issue"] for row in refused["refused"]) == OUTSIDE
        assert refused["linked"] == 85
    site.run("run", "--once")
    for tracker in jiras:
        _goals_are_right(site, tracker)
    assert site.run("plan")["actions"] == []
    assert site.run("db", "check")["breaches"] == []
    _day_one_was_quiet(site)


def _everything_was_pulled(site: Site) -> None:
    present = dict(site.ask("SELECT tracker, count(*) FROM issue WHERE presence = 'present' GROUP BY 1"))
    assert present == {name: COUNTS[name] for name in site.trackers}
    assert site.ask("SELECT * FROM quarantine") == []
    assert site.ask("SELECT count(*) FROM issue WHERE due") == [(0,)]
    if "hub" not in site.trackers:
        return
    [[counts]] = site.ask("SELECT counts FROM pass WHERE tracker = 'hub' AND kind = 'pull' ORDER BY started LIMIT 1")
    assert json.loads(counts)["skipped"] == 14_999 - 8_355, "pull requests"


def _goals_are_right(site: Site, tracker: str) -> None:
    states = dict(site.ask("SELECT state, count(*) FROM issue WHERE tracker = ? AND goals <> '[]' GROUP BY 1", tracker))
    assert states == {"linked": 85, "inherited": 363 + 70 + 10}
    own = "carrier_id = parent_id AND type NOT IN ('Sub-task', 'Technical task')"
    assert site.ask(f"SELECT count(*) FROM issue WHERE tracker = ? AND state = 'inherited' AND {own}", tracker) == [
        (363,)
    ]
    unknown = "SELECT count(*) FROM issue WHERE tracker = ? AND parent_unknown AND parent_id IS NULL"
    assert site.ask(unknown, tracker) == [(41 + 396,)]
    used = "SELECT goal_id FROM link JOIN issue ON issue.id = issue_id WHERE tracker = ?"
    assert sorted(key for (key,) in site.ask(f"SELECT key FROM goal WHERE id NOT IN ({used})", tracker)) == OUTSIDE


def _day_one_was_quiet(site: Site) -> None:
    """Old issues are counted, not labelled or alerted one by one (R9)."""
    assert site.ask("SELECT count(*) FROM issue WHERE observed LIKE '%goal-review\"]%'") == [(0,)]
    assert site.ask("SELECT count(*) FROM message") == [(0,)]
