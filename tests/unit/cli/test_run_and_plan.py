from __future__ import annotations

from tests.unit.cli.installation import Installation


def test_a_plan_tells_what_a_run_does_and_does_none_of_it(shop: Installation) -> None:
    """Exit code 1 while there is something to do, 0 in sync; a plan makes no database."""
    shop.tracker.create("APP", "Checkout", labels=("goal:CHECKOUT",))
    before = shop.told("plan", code=1)
    assert before["in_sync"] is False
    assert {"set_explicit", "set_state"} <= {action["action"] for action in before["actions"]}
    assert list((shop.directory / "state").iterdir()) == []
    shop.call("run", "--once")
    after = shop.told("plan")
    assert after["in_sync"] is True
    assert after["actions"] == []


def test_a_plan_leaves_trackers_cursors_and_store_alone(running: Installation) -> None:
    """Planning twice tells the same, and the run after it still does all of it."""
    issue = running.tracker.create("APP", "New and unlinked")
    first = running.told("plan", code=1)
    again = running.told("plan", code=1)
    assert [(each["action"], each["key"], each["text"]) for each in again["actions"] if each["action"] != "wake"] == [
        (each["action"], each["key"], each["text"]) for each in first["actions"] if each["action"] != "wake"
    ]
    assert running.labels(issue) == ()
    written = [action for action in first["actions"] if action["action"] == "write_back"]
    assert [action["text"] for action in written] == ["review:goal-review: add goal-review (because unlinked)"]
    running.call("run", "--once")
    assert running.labels(issue) == ("goal-review",)


def test_a_dry_run_prints_the_plan_and_ends_well(running: Installation) -> None:
    """``run --dry-run`` is a plan whose exit code is 0."""
    running.tracker.create("APP", "New and unlinked")
    assert "Open reviews: 1" in running.said("run", "--dry-run")
    assert running.said("plan", code=1)


def test_a_plan_names_each_write_once(running: Installation) -> None:
    """A write that several passes of the round decide is one line: it is carried out once."""
    issue = running.tracker.create("APP", "To be linked")
    running.call("run", "--once")
    running.call("link", "set", running.tracker.issue(issue).key, "CHECKOUT")
    writes = [line for line in running.said("plan", code=1).splitlines() if "goal:" in line and "add" in line]
    assert len(writes) == 1


def test_one_run_tells_what_it_did(shop: Installation) -> None:
    """A row for each tracker, and JSON with the same counts."""
    shop.tracker.create("APP", "Checkout", labels=("goal:CHECKOUT",))
    said = shop.said("run", "--once")
    assert "mem" in said
    assert "links changed: 1" in said
    told = shop.told("run", "--once")
    assert [(each["tracker"], each["outcome"]) for each in told["trackers"]] == [("mem", "ok")]


def test_refused_goals_end_with_exit_code_2_while_the_work_is_done(running: Installation) -> None:
    """The last good goals stay in force, and the problem is told with file and line."""
    running.goals.write_text('[[goal]]\nkey = "A B"\ntitle = "x"\n', "utf-8")
    result = running.call("run", "--once", code=2)
    assert "goals.toml:2" in result.stderr
    assert "goals refused" in running.call("plan", code=2).stderr


def test_an_unknown_tracker_is_named_with_those_that_exist(shop: Installation) -> None:
    """A mistyped name is a usage error."""
    result = shop.call("run", "--once", "--tracker", "mum", code=2)
    assert "there is no tracker 'mum'; there are mem" in result.stderr
    assert result.stdout == ""


def test_options_of_one_round_are_refused_for_the_daemon(shop: Installation) -> None:
    """``--json`` prints nothing useful for ever."""
    assert "need --once" in shop.call("run", "--json", code=2).stderr


def test_a_missing_configuration_is_told_with_what_to_do(shop: Installation) -> None:
    """One line and advice, no traceback."""
    shop.config.unlink()
    result = shop.call("status", code=2)
    assert result.stderr.startswith("error: there is no configuration file at ")
    assert "advice: name it with --config" in result.stderr
    assert "Traceback" not in result.stderr


def test_verbs_that_look_make_no_database(shop: Installation) -> None:
    """Before the first start there is nothing to see, and looking changes nothing."""
    for verb in (["status"], ["goal", "list"], ["review", "list"], ["trace", "APP-1"], ["db", "check"]):
        assert "there is no database" in shop.call(*verb, code=2).stderr
    assert list((shop.directory / "state").iterdir()) == []
