from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.unit.cli.installation import GOALS, Installation

SHARED = """
[[goal]]
key = "KEEP"
title = "Keep them"
[[goal.outcome]]
metric = "Revenue"
unit = "M"
target = 2
"""


def test_the_newest_reading_is_current_whoever_says_it(running: Installation) -> None:
    """A reading by hand goes before what the file said earlier, and what the file says next goes before that."""
    running.call("outcome", "record", "REVENUE", "2.5", "--as", "ann")
    [outcome] = running.told("goal", "show", "GROW")["outcomes"]
    assert (outcome["current"], outcome["progress"], outcome["how"]) == (2.5, 0.75, "command line")
    said = running.said("outcome", "record", "revenue", "2.1", "--at", "2026-01-31")
    assert "current stays 2.5, which is newer" in said
    running.goals.write_text(GOALS.replace("current = 2", "current = 2.75"), "utf-8")
    running.call("goal", "apply", "--now")
    [shown] = running.told("outcome", "show", "revenue")["outcomes"]
    assert [(one["value"], one["how"], one["who"]) for one in shown["readings"]] == [
        (2.1, "command line", shown["readings"][0]["who"]),
        (2.0, "goals", ""),
        (2.5, "command line", "ann"),
        (2.75, "goals", ""),
    ]
    assert shown["current"] == 2.75
    assert "▁" in running.said("goal", "show", "GROW")
    assert "stated by its source" in running.said("outcome", "list")


def test_a_correction_is_a_later_reading_of_the_same_time(running: Installation) -> None:
    """The series shows what counts; nothing is deleted."""
    for value in ("9", "1.9"):
        running.call("outcome", "record", "revenue", value, "--at", "2026-01-31T12:00")
    [shown] = running.told("outcome", "show", "revenue")["outcomes"]
    assert [one["value"] for one in shown["readings"]] == [1.9, 2.0]


def test_a_metric_of_several_goals_is_measured_for_all_of_them(running: Installation) -> None:
    """With one unit; where the units differ, the goal must be named."""
    running.goals.write_text(GOALS + SHARED, "utf-8")
    running.call("goal", "apply", "--now")
    running.call("outcome", "record", "revenue", "2.5")
    running.call("outcome", "record", "revenue", "1.5", "--goal", "keep")
    currents = {one["goal"]: one["current"] for one in running.told("outcome", "list")["outcomes"]}
    assert currents == {"GROW": 2.5, "KEEP": 1.5}
    running.goals.write_text(GOALS + SHARED.replace('unit = "M"', 'unit = "k"'), "utf-8")
    running.call("goal", "apply", "--now")
    assert "different units" in running.call("outcome", "record", "revenue", "3", code=2).stderr


def test_what_is_no_reading_is_refused(running: Installation) -> None:
    """Unknown metrics, the future, and what is no number."""
    assert "goals state these: revenue" in running.call("outcome", "record", "NRR", "1", code=2).stderr
    assert "in the future" in running.call("outcome", "record", "revenue", "1", "--at", "2999-01-01", code=2).stderr
    assert "no measured value" in running.call("outcome", "record", "revenue", "nan", code=2).stderr


def test_a_file_of_readings_is_kept_whole_or_not_at_all(running: Installation, tmp_path: Path) -> None:
    """Each wrong line is named; importing it again adds nothing."""
    file = tmp_path / "readings.csv"
    file.write_text("Metric;Value;At;Goal\nrevenue;1,5;2026-01-31;\nNRR;1;2026-01-31;\nrevenue;2;;\n", "utf-8")
    found = running.told("outcome", "import", str(file), code=1)
    assert [one["line"] for one in found["refused"]] == [2, 3, 4]
    file.write_text("Metric;Value;At;Goal\nrevenue;1.5;2026-01-31;\nrevenue;1.6;2026-02-28;GROW\n", "utf-8")
    assert running.told("outcome", "import", str(file), "--dry-run")["recorded"] == 2
    assert running.told("outcome", "import", str(file))["recorded"] == 2
    assert running.told("outcome", "import", str(file))["known"] == 2
    assert len(running.told("outcome", "show", "revenue")["outcomes"][0]["readings"]) == 3
    file.write_text("issue,goal\nAPP-1,GROW\n", "utf-8")
    assert "the header lacks at, metric, value" in running.call("outcome", "import", str(file), code=2).stderr


def test_goals_are_listed_by_priority_with_the_work_on_each(running: Installation) -> None:
    """Open, done, suspect, what serves nothing in the same places, and the share of what was finished lately."""
    done = running.tracker.create("APP", "Done", labels=("goal:CHECKOUT",))
    running.tracker.create("APP", "Open", labels=("goal:GROW",))
    other = running.tracker.create("APP", "Serves nothing")
    running.call("run", "--once")
    running.tracker.close(done)
    running.tracker.close(other)
    running.tracker.create("APP", "Serves nothing, either")
    running.call("run", "--once")
    found = running.told("goal", "list", "--by", "priority")
    rows = [
        (goal["key"], goal["resolved_priority"], goal["open"], goal["done"], goal["unlinked_nearby"],
         goal["finished_last_week"], goal["share_of_finished"])
        for goal in found["goals"]
    ]  # fmt: skip
    assert rows == [("CHECKOUT", "P1", 0, 1, 2, 1, 0.5), ("GROW", "P1", 1, 0, 2, 0, 0.0)]
    assert found["finished"] == 2
    said = running.said("goal", "list", "--by", "priority")
    assert "2 issues were finished in the last seven days" in said


def test_closed_goals_without_open_work_are_counted_and_not_listed(running: Installation) -> None:
    """With hundreds of goals those that matter are seen; a closed parent of a living goal stays."""
    running.goals.write_text(
        GOALS.replace('priority = "P1"', 'status = "achieved"')
        + '[[goal]]\nkey = "OLD"\ntitle = "Old"\nstatus = "abandoned"\n',
        "utf-8",
    )
    running.call("goal", "apply", "--now")
    said = running.said("goal", "list")
    assert "GROW" in said
    assert "OLD" not in said
    assert "… and 1 closed goal without open work" in said
    assert "OLD" in running.said("goal", "list", "--all")


class _Figure(BaseHTTPRequestHandler):
    """Answers with a number."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"2.75")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_doctor_asks_sources_of_outcomes(running: Installation) -> None:
    """It shows the value that each gives now, or why there is none; the other parts are looked at all the same."""
    server = HTTPServer(("127.0.0.1", 0), _Figure)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    text = running.config.read_text("utf-8")
    for name, path in (("shop", ""), ("lost", "a.b")):
        text += f"""
[outcome_sources.{name}]
kind = "http-json"
url = "http://127.0.0.1:{server.server_port}/"
path = "{path}"
metric = "revenue"
"""
    running.config.write_text(text, "utf-8")
    try:
        found = {one["subject"]: one for one in running.told("doctor", code=2)["findings"]}
    finally:
        server.shutdown()
        server.server_close()
    assert found["outcome source shop"]["message"] == "revenue is 2.75 now"
    assert "no 'a' in the document" in found["outcome source lost"]["message"]
    assert found["outcome source lost"]["fix"] == "correct its block's path"
