"""Real epics as goals: no generated file, no import. The tracker says which work serves which."""

from __future__ import annotations

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

from tests.system.tidev import EPICS, LARGE, PART, SMALL, SUBTASKS, WHOLE, Share, judge

COMMAND = str(Path(sys.executable).with_name("vindaris-sync"))
DATA = Path(os.environ.get("VINDARIS_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))

pytestmark = [
    pytest.mark.skipif(
        not all((DATA / name).exists() for name in (SMALL, LARGE, EPICS, SUBTASKS)),
        reason=f"the real dumps are not in {DATA}",
    ),
    pytest.mark.timeout(540),
    pytest.mark.xdist_group("real goals"),
]


@dataclass
class Site:
    """The sandbox with real issues, and a configuration by which its epics are the goals."""

    folder: Path
    share: Share

    def run(self, *words: str) -> Any:
        config = ("--config", str(self.folder / "vindaris.toml"), "--json")
        answer = subprocess.run([COMMAND, *words, *config], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr[-3000:]
        return json.loads(answer.stdout)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.folder / "vindaris.db")
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("jira-dc", PART), id="a part, Data Center", marks=pytest.mark.long),
        pytest.param(("jira-cloud", WHOLE), id="Cloud", marks=pytest.mark.long),
        pytest.param(("jira-dc", WHOLE), id="Data Center", marks=pytest.mark.long),
    ],
)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    kind, share = request.param
    words = [COMMAND, "sandbox", "--json", f"--{kind}"]
    for name in share.files:
        words += ["--load-jira", str(DATA / name)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            served = json.loads(_document(sandbox.stdout))["services"][kind]
            folder = tmp_path_factory.mktemp("real")
            _write_config(folder, served, share)
            yield Site(folder, share)
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


def _write_config(folder: Path, served: dict[str, Any], share: Share) -> None:
    token = folder / "token"
    token.write_text(served["token"])
    token.chmod(0o600)
    email = f'email = "{served["email"]}"\n' if "email" in served else ""
    (folder / "vindaris.toml").write_text(
        f'state_dir = "{folder}"\n'
        f'[trackers.tidev]\nkind = "jira"\nurl = "{served["url"]}"\n{email}token = {{ file = "token" }}\n'
        f"projects = {json.dumps(share.projects)}\n"
        '[goal_sources.epics]\nkind = "jira"\ntracker = "tidev"\ntypes = ["Epic"]\n'
        '[notify.log]\nkind = "log"\n'
        '[[teams]]\nname = "All"\nnotify = "log"\nscopes = ["tidev:*"]\n',
        "utf-8",
    )


def test_work_below_real_epics_serves_them(site: Site) -> None:
    """Nothing is generated and nothing imported: the tracker says it all, and a second round has nothing to do."""
    site.run("run", "--once")
    judge(DATA, site.ask, "tidev", site.share)
    assert site.run("plan")["actions"] == []
    assert site.run("db", "check")["breaches"] == []
