from __future__ import annotations

from time import process_time

import pytest

from tests.unit.cli.installation import Installation


@pytest.fixture
def issue(running: Installation) -> str:
    """Return the id of an issue that is tracked and unlinked."""
    created = running.tracker.create("APP", "Pay by card")
    running.call("run", "--once")
    return created


def test_a_link_set_here_reaches_the_tracker_in_the_next_pass(running: Installation, issue: str) -> None:
    """The label stands on the issue, the review label is gone, and the history says who and why."""
    key = running.tracker.issue(issue).key
    result = running.call("link", "set", key, "checkout", "--why", "it is the card form", "--as", "ada")
    assert f"{key}: no link of its own → CHECKOUT" in result.stdout
    assert "written to the tracker in the next pass" in result.stderr
    running.call("run", "--once")
    assert running.labels(issue) == ("goal:CHECKOUT",)
    event = running.told("trace", key)["history"][0]
    assert (event["event"], event["who"], event["why"], event["after"]) == (
        "linked",
        "ada",
        "it is the card form",
        ["CHECKOUT"],
    )


def test_a_removed_link_leaves_the_tracker(running: Installation, issue: str) -> None:
    """What is unlinked again is asked about again."""
    key = running.tracker.issue(issue).key
    running.call("link", "set", key, "CHECKOUT")
    running.call("run", "--once")
    assert running.told("link", "remove", key)["decided"][0]["after"] == []
    running.call("run", "--once")
    assert running.labels(issue) == ("goal-review",)
    assert "has no link" in running.call("link", "remove", key, code=2).stderr


def test_unknown_goals_and_issues_are_refused_with_advice(running: Installation, issue: str) -> None:
    """Nothing is changed, and near names are offered."""
    key = running.tracker.issue(issue).key
    assert "did you mean CHECKOUT?" in running.call("link", "set", key, "CHEKOUT", code=2).stderr
    assert "no issue is called 'APP-99'" in running.call("link", "set", "APP-99", "GROW", code=2).stderr
    assert "serves one goal only" in running.call("link", "set", key, "GROW", "CHECKOUT", code=2).stderr
    assert running.told("trace", key)["links"] == []


def test_an_import_keeps_good_rows_and_lists_the_others(running: Installation, issue: str) -> None:
    """Each refused row has its line and its reason, and the exit code is 1."""
    key = running.tracker.issue(issue).key
    rows = ["Issue;Goal", f"{key};CHECKOUT", "", "APP-99;GROW", "APP-1;NOPE", f"{key};GROW", "APP-1;"]
    file = running.directory / "mapping.csv"
    file.write_text("\ufeff" + "\r\n".join(rows), "utf-8")
    rehearsed = running.told("link", "import", str(file), "--dry-run", code=1)
    assert running.told("trace", key)["links"] == []
    done = running.told("link", "import", str(file), code=1)
    assert {**rehearsed, "dry_run": False} == done
    assert (done["rows"], done["linked"], done["unchanged"]) == (5, 1, 0)
    assert [(row["line"], row["issue"]) for row in done["refused"]] == [
        (4, "APP-99"),
        (5, "APP-1"),
        (6, key),
        (7, "APP-1"),
    ]
    assert [row["reason"].split(";")[0] for row in done["refused"]] == [
        "no such issue has been pulled",
        "no goal is called 'NOPE'",
        "line 2 links it to CHECKOUT, and it may serve one goal only",
        "the issue or the goal is empty",
    ]


def test_an_import_of_500_rows_takes_well_under_a_second(running: Installation) -> None:
    """A team's mapping spreadsheet on day one, without a header, from standard input."""
    keys = [running.tracker.issue(running.tracker.create("APP", f"Work {n}")).key for n in range(500)]
    running.call("run", "--once")
    text = "\n".join(f"{key},GROW" for key in keys)
    started = process_time()
    result = running.call("link", "import", "-", answer=text)
    assert "500 rows: 500 issues linked" in result.stdout
    took = process_time() - started
    assert took < 1.0
    running.call("run", "--once")
    assert running.told("goal", "show", "GROW")["issues"] == 500


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "there are no rows"), (b"\xff\xfe", "no valid UTF-8"), (b"APP-1\n", "two columns are needed")],
    ids=["empty", "utf-16", "one column"],
)
def test_a_file_that_is_no_mapping_is_refused_whole(running: Installation, content: bytes, reason: str) -> None:
    """What cannot be read as rows changes nothing."""
    file = running.directory / "mapping.csv"
    file.write_bytes(content)
    assert reason in running.call("link", "import", str(file), code=2).stderr
