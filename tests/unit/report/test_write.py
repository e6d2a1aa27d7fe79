import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from vindaris_sync.domain.findings import Findings, IssueLine, Listing
from vindaris_sync.domain.findings_json import to_json
from vindaris_sync.report import from_json, previous, to_html, write

ENDINGS = ("-goals.csv", "-issues.csv", ".html", ".json", ".md")

DYING = """
import os, signal, sys
from pathlib import Path
from vindaris_sync.report import from_json, write

fatal = int(sys.argv[3])
seen = 0

def dying(event, _):
    global seen
    if event == sys.argv[4]:
        seen += 1
        if seen == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

findings = from_json(Path(sys.argv[1]).read_text("utf-8"))
sys.addaudithook(dying)
write(findings, Path(sys.argv[2]))
"""


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_report_is_written_in_every_format(night: Findings, tmp_path: Path) -> None:
    """As the latest one and under its local date, the same in both, readable again."""
    page = write(night, tmp_path / "new" / "reports")
    files = _files(page.parent)
    assert page.name == "2026-11-22.html"
    assert sorted(files) == sorted(stem + ending for stem in ("2026-11-22", "latest") for ending in ENDINGS)
    assert all(files["latest" + ending] == files["2026-11-22" + ending] for ending in ENDINGS)
    assert files["latest.html"].decode() == to_html(night)
    assert from_json(files["latest.json"].decode()) == previous(page.parent) == night


def test_the_date_is_the_teams(night: Findings, tmp_path: Path) -> None:
    """Shortly after midnight in Auckland it is still the day before in UTC."""
    assert write(replace(night, timezone="Pacific/Auckland"), tmp_path).name == "2026-11-22.html"
    late = replace(night, at=night.at + timedelta(hours=12), timezone="Pacific/Auckland")
    assert write(late, tmp_path).name == "2026-11-23.html"


def test_only_the_newest_dates_are_kept_and_other_files_left_alone(night: Findings, tmp_path: Path) -> None:
    """Pruning deletes whole old dates and nothing that is not a report."""
    (tmp_path / "notes.html").write_text("mine")
    (tmp_path / "2026-01-01.txt").write_text("mine")
    for days in range(4):
        write(replace(night, at=night.at + timedelta(days=days)), tmp_path, keep=2)
    names = set(_files(tmp_path))
    assert {name for name in names if name.endswith(".md")} == {"2026-11-24.md", "2026-11-25.md", "latest.md"}
    assert {"notes.html", "2026-01-01.txt"} <= names


@pytest.mark.parametrize(("event", "fatal"), [("open", 4), ("open", 9), ("os.rename", 1), ("os.rename", 6)])
def test_a_kill_leaves_every_file_whole(night: Findings, tmp_path: Path, event: str, fatal: int) -> None:
    """Killed while it writes or renames (fault 53): each file is the old or the new one, and the next run tidies up."""
    reports = tmp_path / "reports"
    write(night, reports)
    old = _files(reports)
    tomorrow = replace(night, coverage=night.coverage + night.coverage)
    (tmp_path / "next.json").write_text(to_json(tomorrow), "utf-8")
    arguments = [sys.executable, "-c", DYING, str(tmp_path / "next.json"), str(reports), str(fatal), event]
    killed = subprocess.run(arguments, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    after = {name: text for name, text in _files(reports).items() if not name.endswith(".tmp")}
    write(tomorrow, reports)
    new = _files(reports)
    assert sorted(after) == sorted(old) == sorted(new)
    assert all(text in (old[name], new[name]) for name, text in after.items())
    assert old["latest.json"] != new["latest.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_an_error(night: Findings, tmp_path: Path) -> None:
    """The caller learns of it, and what was there is intact."""
    write(night, tmp_path)
    before = _files(tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="Permission"):
        write(replace(night, parent_unknown=1), tmp_path)
    tmp_path.chmod(0o700)
    assert _files(tmp_path) == before


def test_a_place_that_is_taken_leaves_no_rest(night: Findings, tmp_path: Path) -> None:
    """Where a file cannot be put in its place, the error comes up and the written ones are taken away."""
    (tmp_path / "2026-11-22.html" / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match="2026-11-22"):
        write(night, tmp_path)
    assert not list(tmp_path.glob("*.tmp"))


def test_what_cannot_be_read_is_no_earlier_report(tmp_path: Path) -> None:
    """A missing, damaged or foreign file starts the comparison anew."""
    assert previous(tmp_path) is None
    for text in ("{", json.dumps({"schema": 1}), "\ud800"):
        (tmp_path / "latest.json").write_text(text, "utf-8", errors="surrogatepass")
        assert previous(tmp_path) is None


def test_a_lone_surrogate_does_not_stop_the_report(empty_night: Findings, tmp_path: Path) -> None:
    """A broken title is written in some form, and the report can be read again."""
    broken = replace(empty_night, conflicts=Listing(1, (IssueLine("A-\ud800", "\ud800\0"),)))
    write(broken, tmp_path)
    assert previous(tmp_path) is not None
