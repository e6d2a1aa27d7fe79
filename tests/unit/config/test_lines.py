from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vindaris_sync.config.lines import line_of, locate

TEXT = """\
# a comment = not a key
state_dir = "x"   # [not a table]

[store]
url = "sqlite:///x"
[trackers."odd ] name"]
projects = [
  "A", # ]
  "B",
]
'quoted' = {a = 1, b = [2]}
write_back.label_prefix = 'goal:'
text = '''
[[goal]]
key = "no"
'''''
more = \"\"\"
[store]
\\\"\"\" "" still inside
\"\"\"\"

[[goal]]
key = "A"
[[goal.outcome]]
metric = "m"
[[goal.outcome]]
metric = "n"
[goal.extra]
x = 1
[[goal]]
key = "B"
[[goal.outcome]]
metric = "o"
"""


def test_every_table_and_key_is_found_on_its_line() -> None:
    """Strings, comments and brackets that look like keys or tables are not taken for any."""
    tomllib.loads(TEXT)
    rows = TEXT.splitlines()
    assert {path: rows[line - 1] for path, line in locate(TEXT).items()} == {
        ("state_dir",): 'state_dir = "x"   # [not a table]',
        ("store",): "[store]",
        ("store", "url"): 'url = "sqlite:///x"',
        ("trackers",): '[trackers."odd ] name"]',
        ("trackers", "odd ] name"): '[trackers."odd ] name"]',
        ("trackers", "odd ] name", "projects"): "projects = [",
        ("trackers", "odd ] name", "quoted"): "'quoted' = {a = 1, b = [2]}",
        ("trackers", "odd ] name", "write_back"): "write_back.label_prefix = 'goal:'",
        ("trackers", "odd ] name", "write_back", "label_prefix"): "write_back.label_prefix = 'goal:'",
        ("trackers", "odd ] name", "text"): "text = '''",
        ("trackers", "odd ] name", "more"): 'more = """',
        ("goal",): "[[goal]]",
        ("goal", 0): "[[goal]]",
        ("goal", 0, "key"): 'key = "A"',
        ("goal", 0, "outcome"): "[[goal.outcome]]",
        ("goal", 0, "outcome", 0): "[[goal.outcome]]",
        ("goal", 0, "outcome", 0, "metric"): 'metric = "m"',
        ("goal", 0, "outcome", 1): "[[goal.outcome]]",
        ("goal", 0, "outcome", 1, "metric"): 'metric = "n"',
        ("goal", 0, "extra"): "[goal.extra]",
        ("goal", 0, "extra", "x"): "x = 1",
        ("goal", 1): "[[goal]]",
        ("goal", 1, "key"): 'key = "B"',
        ("goal", 1, "outcome"): "[[goal.outcome]]",
        ("goal", 1, "outcome", 0): "[[goal.outcome]]",
        ("goal", 1, "outcome", 0, "metric"): 'metric = "o"',
    }
    assert locate(TEXT)["goal", 1, "key"] == rows.index('key = "B"') + 1


def test_what_has_no_line_of_its_own_is_where_its_surroundings_are() -> None:
    """A missing key points at its table; nothing at all points nowhere."""
    lines = locate(TEXT)
    assert line_of(("goal", 1, "parent"), lines) == lines["goal", 1]
    assert line_of(("trackers", "odd ] name", "quoted", "b", 0), lines) == lines["trackers", "odd ] name", "quoted"]
    assert line_of(("schedule", "nightly"), lines) is None


_chunks = st.sampled_from(
    [
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "[",
        "]",
        "{",
        "}",
        "#",
        "=",
        "\n",
        " ",
        ".",
        ",",
        "[[a]]",
        "[b.c]",
        "k",
        "x = 1\n",
        "0",
    ]
)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path}.union(*(_paths(below, (*path, key)) for key, below in inner))


@given(st.lists(_chunks, max_size=25).map("".join))
def test_any_valid_text_is_read_to_its_end_and_only_real_keys_are_found(text: str) -> None:
    """Whatever the parser accepts, the locator walks through, and it invents no key."""
    text += "\nlast_key = 1\n"
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = locate(text)
    assert set(found) <= _paths(parsed)
    assert max(found.values()) == text.count("\n")


def test_a_long_text_is_read_quickly_enough_to_report_on() -> None:
    """A description of 200,000 characters is one value."""
    text = 'description = """' + 'a "quoted" word \\\\ ' * 10_000 + '"""\nkey = 1\n'
    assert locate(text) == {("description",): 1, ("key",): 2}


def test_the_example_files_are_read_to_their_end() -> None:
    """Every key of our own examples has a line."""
    for name in ("config.example.toml", "goals.example.toml"):
        text = (Path(__file__).parents[3] / name).read_text("utf-8")
        assert {path for path in locate(text) if path[-1] == "key" or len(path) == 1} <= _paths(tomllib.loads(text))
