from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from vindaris_sync.app import teams_of
from vindaris_sync.config.chats import NOTIFY_KINDS, LogSettings
from vindaris_sync.config.load import load
from vindaris_sync.config.settings import Config
from vindaris_sync.sdk.errors import ConfigError

Load = Callable[..., Config]
Refusals = Callable[..., list[str]]

TRACKER = """\
[trackers.main]
kind = "board"
url = "https://board.example"
boards = ["Red", "Blue"]
"""
REST = """\
[notify.log]
kind = "log"
[[teams]]
name = "All"
scopes = ["main:*"]
notify = "log"
"""


def test_a_small_file_is_enough_and_everything_else_has_its_default(config_of: Load, tmp_path: Path) -> None:
    """Relative paths start at the file, what belongs to the state directory goes there."""
    config = config_of(TRACKER + REST)
    assert config.state_dir == Path("/var/lib/vindaris-sync")
    assert config.store.address == "sqlite:////var/lib/vindaris-sync/vindaris.db"
    assert config.report.directory == Path("/var/lib/vindaris-sync/reports")
    assert config.goals.file == tmp_path / "goals.toml"
    assert config.goals.debounce == timedelta(minutes=10)
    assert config.schedule.timezone == ZoneInfo("UTC")
    assert config.schedule.nightly == time(2, 30)
    assert config.trackers["main"].named_places() == ("Red", "Blue")
    assert config.notify == {"log": LogSettings()}


def test_relative_paths_start_at_the_directory_of_the_file(config_of: Load, tmp_path: Path) -> None:
    """Wherever the daemon is started from, the same files are meant."""
    config = config_of('state_dir = "state"\n[goals]\nfile = "g/goals.toml"\n' + TRACKER + REST)
    assert config.state_dir == tmp_path / "state"
    assert config.store.address == f"sqlite:///{tmp_path}/state/vindaris.db"
    assert config.report.directory == tmp_path / "state" / "reports"
    assert config.goals.file == tmp_path / "g" / "goals.toml"
    config = config_of('[store]\nurl = "sqlite:///own.db?mode=rw"\n[report]\ndirectory = "r"\n' + TRACKER + REST)
    assert config.store.address == f"sqlite:///{tmp_path}/own.db?mode=rw"
    assert config.report.directory == tmp_path / "r"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:////abs.db", "postgresql://u@db/v"])
def test_other_database_urls_are_left_as_they_are(config_of: Load, url: str) -> None:
    """Only a relative SQLite file is completed."""
    assert config_of(f'[store]\nurl = "{url}"\n{TRACKER}{REST}').store.address == url


def test_every_problem_is_told_at_once_in_one_line_with_file_line_and_place(refusals: Refusals) -> None:
    """One round of corrections is enough, and no problem hides another's."""
    text = """\
[store]
ulr = "sqlite://"
[goals]
debounce = "2h"
material = ["titel"]
[trackers.main]
kind = "board"
token = { env = "BOARD_TOKEN" }
pol = "2m"
[trackers.main.write_back]
exempt_days = 0
[trackers.other]
kind = "bord"
[trackers.third]
[notify.chat]
kind = "slack"
token = { file = "missing" }
[notify.carrier]
kind = "pigeon"
[[teams]]
name = "All"
scopes = ["main", "nowhere:*"]
notify = "log"
[[teams]]
nmae = "Rest"
[schedule]
nightly = "25:00"
timezone = "Europe/Berln"
[shedule]
"""
    assert refusals(text) == [
        "vindaris.toml:2: [store] ulr: there is no such key; did you mean 'url'?",
        "vindaris.toml:4: [goals] debounce: at most 1h",
        (
            "vindaris.toml:5: [goals] material: should be "
            "'title', 'description', 'parent', 'priority', 'period' or 'outcomes'"
        ),
        "vindaris.toml:6: [trackers.main] url: is missing",
        "vindaris.toml:8: [trackers.main] token: environment variable BOARD_TOKEN is not set",
        "vindaris.toml:9: [trackers.main] pol: there is no such key; did you mean 'poll'?",
        "vindaris.toml:11: [trackers.main.write_back] exempt_days: should be greater than or equal to 1",
        "vindaris.toml:13: [trackers.other] kind: there is no kind of tracker 'bord'; installed are board",
        "vindaris.toml:14: [trackers.third] kind: name the kind of tracker; installed are github, jira, memory",
        "vindaris.toml:15: [notify.chat] channel: is missing",
        "vindaris.toml:17: [notify.chat] token: missing: no such file or directory",
        f"vindaris.toml:19: [notify.carrier] kind: write one of {', '.join(NOTIFY_KINDS)}",
        'vindaris.toml:22: [[teams]] #1 scopes: \'main\': write "tracker:place", or "tracker:*" for all its places',
        "vindaris.toml:24: [[teams]] #2 name: is missing",
        "vindaris.toml:24: [[teams]] #2 scopes: is missing",
        "vindaris.toml:24: [[teams]] #2 notify: is missing",
        "vindaris.toml:25: [[teams]] #2 nmae: there is no such key; did you mean 'name'?",
        'vindaris.toml:27: [schedule] nightly: write a time of day like "02:30"',
        "vindaris.toml:28: [schedule] timezone: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        "vindaris.toml:29: [shedule]: there is no such key; did you mean 'schedule'?",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("trackers = 3", "vindaris.toml:1: trackers: tables [trackers.NAME] belong here"),
        ("teams = 3\n", "vindaris.toml:1: teams: write [[teams]], with two brackets"),
        ("[teams]\n", "vindaris.toml:1: teams: write [[teams]], with two brackets"),
        ("[goals]\nmaterial = []\n", "vindaris.toml:2: [goals] material: name at least one"),
        ("store = 3\n", "vindaris.toml:1: store: a table belongs here"),
        ("state_dir = 3\n", "vindaris.toml:1: state_dir: a path belongs here"),
        ("[store]\nurl = 3\n", "vindaris.toml:2: [store] url: write a database URL"),
        ("[store]\nurl = 'vindaris.db'\n", "vindaris.toml:2: [store] url: write a database URL"),
        ("trackers.x = 3", "vindaris.toml:1: [trackers] x: a table belongs here"),
        ("notify.x = 3", "vindaris.toml:1: [notify] x: a table belongs here"),
        ("teams = [3]", "vindaris.toml:1: teams: a table belongs here"),
        (
            "[trackers.a]\nkind='broken'",
            "vindaris.toml:2: [trackers.a] kind: the connector for 'broken' cannot be loaded",
        ),
        ("", "vindaris.toml: [trackers]: name at least one tracker"),
        ("a = 1\na = 2\n", "vindaris.toml: no valid TOML: Cannot overwrite a value (at line 2, column 6)"),
        (f"a{'.a' * 3000} = 1\n", "vindaris.toml: no valid TOML: tables and arrays are nested more than 64 deep"),
        (f"a = {'[' * 3000}", "vindaris.toml: no valid TOML: tables and arrays are nested more than 64 deep"),
        ("[trackers.Main]\nkind='board'\nurl='x'", "vindaris.toml:1: [trackers.Main]: a name is lower-case letters"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_with_its_place(refusals: Refusals, text: str, line: str) -> None:
    """A wrong type anywhere is a line, never a traceback."""
    assert [found for found in refusals(text) if found.startswith(line)]


def test_a_missing_or_unreadable_file_is_one_line(tmp_path: Path) -> None:
    """A path that is no text file is told as such."""
    with pytest.raises(ConfigError, match=r"none\.toml: no such file"):
        load(tmp_path / "none.toml", {})
    with pytest.raises(ConfigError, match="is a directory"):
        load(tmp_path, {})
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    with pytest.raises(ConfigError, match="no valid UTF-8 at byte 5"):
        load(tmp_path / "latin.toml", {})


# --- the environment ----------------------------------------------------------------------------------------------


def test_the_environment_overrides_plain_keys_of_the_file(config_of: Load) -> None:
    """Nested keys are joined by two underscores; lists are JSON; other variables mean nothing."""
    environ = {
        "VINDARIS_STORE__URL": "sqlite:////elsewhere.db",
        "VINDARIS_TRACKERS__MAIN__POLL": "5m",
        "VINDARIS_TRACKERS__MAIN__WRITE_BACK__EXEMPT_DAYS": "7",
        "VINDARIS_TRACKERS__MAIN__WRITE_BACK__ENABLED": "false",
        "VINDARIS_GOALS__MATERIAL": '["title"]',
        "VINDARIS_LOGGING__LEVEL": "debug",
        "VINDARIS_ELSEWHERE": "not ours",
    }
    config = config_of("[trackers.main.write_back]\nlabel_limit = 5\n" + TRACKER + REST, environ)
    assert config.store.address == "sqlite:////elsewhere.db"
    assert config.trackers["main"].poll == timedelta(minutes=5)
    assert config.trackers["main"].write_back.exempt_days == 7
    assert config.trackers["main"].write_back.label_limit == 5
    assert not config.trackers["main"].write_back.enabled
    assert config.goals.material == ("title",)
    assert config.logging.level == "debug"


def test_a_problem_with_a_variable_names_the_variable(refusals: Refusals) -> None:
    """It stands in no file, so no file is blamed."""
    environ = {"VINDARIS_LOGGING__LEVEL": "loud", "VINDARIS_STORE__ULR": "x", "VINDARIS_TRACKERS__MAIN__POLL": "soon"}
    assert sorted(refusals(TRACKER + REST, environ)) == [
        "environment variable VINDARIS_LOGGING__LEVEL: should be 'debug', 'info', 'warning' or 'error'",
        "environment variable VINDARIS_STORE__ULR: there is no such key; did you mean 'url'?",
        "environment variable VINDARIS_TRACKERS__MAIN__POLL: write a time span like 30s, 10m, 2h or 7d, not 'soon'",
    ]
    (line,) = refusals(TRACKER + REST, {"VINDARIS_GOALS__MATERIAL": "title"})
    assert line.startswith("environment variable VINDARIS_GOALS")
    assert "JSON" in line


def test_building_a_configuration_in_code_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ``load`` does, and only the environment it is given."""
    monkeypatch.setenv("VINDARIS_LOGGING__LEVEL", "debug")
    assert Config().logging.level == "info"


# --- what fits together ---------------------------------------------------------------------------------------------


def teams(*scopes: str) -> str:
    """Return a team for each list of scopes, and a channel."""
    return '[notify.log]\nkind = "log"\n' + "".join(
        f'[[teams]]\nname = "T{index}"\nnotify = "log"\nscopes = [{listed}]\n' for index, listed in enumerate(scopes)
    )


def test_every_tracked_place_needs_a_team(refusals: Refusals, config_of: Load) -> None:
    """The line says what to add; places are matched without case."""
    assert refusals(TRACKER + teams('"main:red"')) == [
        'vindaris.toml:1: [trackers.main]: issues without a team: add "main:Blue" to the scopes of one'
    ]
    assert refusals(TRACKER) == [
        'vindaris.toml:1: [trackers.main]: issues without a team: add "main:Red", "main:Blue" to the scopes of one'
    ]
    found = teams_of(config_of(TRACKER + teams('"main:red"', '"main:*"')))
    assert [getattr(found.of_place("main", place), "name", None) for place in ("Red", "Blue")] == ["T0", "T1"]
    assert found.of_place("other", "Red") is None


def test_a_tracker_whose_places_only_it_knows_needs_some_team(refusals: Refusals, config_of: Load) -> None:
    """A query may find any place: one scope of the tracker has to do."""
    query = TRACKER.replace('["Red", "Blue"]', "[]")
    assert refusals(query) == [
        'vindaris.toml:1: [trackers.main]: issues without a team: add "main:*" to the scopes of one'
    ]
    assert teams_of(config_of(query + teams('"main:Anything"'))).of_place("main", "anything")


def test_a_scope_leads_to_one_tracked_place_and_one_team(refusals: Refusals) -> None:
    """Unknown trackers, unknown places and places with two teams are told."""
    assert refusals(TRACKER + teams('"main:*", "mian:*", "main:Green"', '"MAIN:x", "main:*"')) == [
        "vindaris.toml:10: [[teams]] #1 scopes: 'mian:*': there is no [trackers.mian]",
        "vindaris.toml:10: [[teams]] #1 scopes: 'main:Green': [trackers.main] does not name this place",
        "vindaris.toml:14: [[teams]] #2 scopes: 'main:*' belongs to team 'T0' already",
        "vindaris.toml:14: [[teams]] #2 scopes: 'MAIN:x': there is no [trackers.MAIN]",
    ]


def test_the_home_of_goals_is_a_tracker_that_takes_writes(refusals: Refusals, config_of: Load) -> None:
    """A name that no tracker has is refused with its place; one that is right is taken over with its defaults."""
    (line,) = refusals('[goals.home]\ntracker = "nowhere"\nplace = "STRAT"\n' + TRACKER + REST)
    assert line.endswith("[goals.home] tracker: there is no [trackers.nowhere]")
    home = config_of('[goals.home]\ntracker = "main"\nplace = "STRAT"\n' + TRACKER + REST).goals.home
    assert home is not None
    assert (home.place, home.type, home.attach) == ("STRAT", "", True)


def test_teams_have_names_of_their_own_and_existing_channels(refusals: Refusals) -> None:
    """Names are compared without case."""
    text = TRACKER + REST + '[[teams]]\nname = "ALL"\nscopes = ["main:Red"]\nnotify = "chat"\n'
    assert refusals(text) == [
        "vindaris.toml:12: [[teams]] #2 name: 'ALL' is also the name of team #1",
        "vindaris.toml:14: [[teams]] #2 notify: there is no [notify.chat]; there are: log",
    ]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ('exempt_label = "GOAL:none"', "exempt_label: 'GOAL:none' would be read as a goal"),
        ('review_label = "goal:review"', "review_label: 'goal:review' would be read as a goal"),
        ('review_label = "No-Goal"', "exempt_label: 'no-goal' is also the review label"),
        ('exempt_label = "no,goal"', "exempt_label: no tracker takes a comma"),
        ('label_prefix = " goal:"', "label_prefix: no tracker takes a comma, a control character or outer spaces"),
        ("surfaces = []", "surfaces: name at least one surface"),
        ('surfaces = ["label", "label"]', "surfaces: a surface is named twice"),
        ('surfaces = ["field"]', "surfaces: 'field' is neither"),
        ('surfaces = ["field: "]', "surfaces: 'field: ' is neither"),
    ],
)
def test_surfaces_that_could_be_taken_for_one_another_are_refused(refusals: Refusals, settings: str, line: str) -> None:
    """A label means one thing only."""
    found = refusals(f"{TRACKER}[trackers.main.write_back]\n{settings}\n{REST}")
    assert len(found) == 1
    assert re.match(rf"vindaris\.toml:[56]: \[trackers\.main\.write_back\] {re.escape(line)}", found[0])


def test_a_goals_key_has_the_room_that_the_longest_label_prefix_leaves(config_of: Load) -> None:
    """A prefix that is written nowhere takes no room."""
    assert config_of(TRACKER + REST).longest_key() == 45
    field = '[trackers.main.write_back]\nsurfaces = ["field:Goal"]\n'
    assert config_of(TRACKER + field + REST).longest_key() == 50
