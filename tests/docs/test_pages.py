"""What documents say of files, words, tables, configurations and tests is so."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import PAGES, ROOT, SOURCES, anchors, blocks, links, name_of, rows, spans, text_of
from vindaris_sync.config.chats import NOTIFY_KINDS
from vindaris_sync.config.load import load
from vindaris_sync.sdk.registry import kinds
from vindaris_sync.sources.files import FileGoals
from vindaris_sync.store.tables import schema

DEMO = ROOT / "docs" / "demo.txt"
FAULTS = range(1, 63)
"""The faults that docs/reliability.md answers for, by number."""

_FOREIGN = {
    "a path of one machine": r"(?<![\w.$~])/(?:home|root|tmp|work|mnt|Users)/(?!vindaris-demo-)",
    "a folder beside the repository": r"\.\./\.\./\.\./\.\.|\.\./shared",
    "a package registry's host": r"\b(?:[\w-]+\.)*(?:pypi|pythonhosted|npmjs|artifactory|devpi)\.\w+",
    "who wrote it": r"(?i)\b(?:co-authored-by|generated (?:by|with)|written by|authored by)\b",
}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Files exist, and headings that are pointed at do too."""
    wrong = []
    for target in links(text_of(page)):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found.read_text("utf-8"))):
            wrong.append(target)
    assert wrong == []


@pytest.mark.parametrize("page", [*PAGES, DEMO], ids=name_of)
def test_documents_speak_of_the_project_alone(page: Path) -> None:
    """Nothing that is true on one machine only, and nothing about how they came to be."""
    text = text_of(page)
    assert {what: found[0] for what, pattern in _FOREIGN.items() if (found := re.search(pattern, text))} == {}


def test_locks_carry_hashes_and_no_addresses() -> None:
    """Where packages are downloaded from is the operator's business."""
    for lock in sorted(ROOT.glob("requirements*.txt")):
        text = lock.read_text("utf-8")
        assert "--hash=sha256:" in text
        assert not re.search(r"://|--(extra-)?index-url|--find-links", text)


# --- connectors and chats ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_tracker_is_in_the_table_and_has_a_design_note(kind: str) -> None:
    """A connector that is installed can be found by people."""
    table = {row[0]: row for row in rows(text_of("README.md"), "kind", "what")}
    assert f"`{kind}`" in table
    note = f"docs/connectors/{kind}.md"
    assert note in table[f"`{kind}`"][-1]
    assert f'kind = "{kind}"' in text_of(note)


def test_the_table_of_trackers_lists_nothing_else() -> None:
    """A kind that is not installed is not promised."""
    assert {row[0].strip("`") for row in rows(text_of("README.md"), "kind", "what")} == set(kinds())


@pytest.mark.parametrize("kind", NOTIFY_KINDS)
def test_every_kind_of_chat_is_in_the_readme(kind: str) -> None:
    """Whoever looks for a channel sees what there is."""
    assert kind in set(spans(text_of("README.md")))


# --- configurations ---------------------------------------------------------------------------------------------------


def _configurations() -> Iterator[Any]:
    for page in PAGES:
        for number, block in enumerate(blocks(text_of(page), "toml"), 1):
            yield pytest.param(block, id=f"{name_of(page)}-{number}")


def _referred(data: object, source: str) -> Iterator[str]:
    if isinstance(data, dict):
        if isinstance(name := data.get(source), str) and len(data) == 1:
            yield name
        for value in data.values():
            yield from _referred(value, source)


def _completed(block: str, data: dict[str, Any]) -> str:
    """Return the block with what a whole configuration needs beside it: trackers, a channel, and a team for each."""
    if "teams" in data:
        return block
    if "notify" in data:
        data["trackers"] = {"any": {}}
        block += '\n[trackers.any]\nkind = "memory"\n'
    if {"goal_sources", "outcome_sources", "rules", "goals", "page"} & data.keys() and "trackers" not in data:
        named = {rule["tracker"] for rule in data.get("rules", ()) if "tracker" in rule}
        named |= {home["tracker"] for home in (data.get("goals", {}).get("home"),) if home}
        kinds = dict.fromkeys(sorted(named), "memory")
        kinds |= {each["tracker"]: each["kind"] for each in data.get("goal_sources", {}).values() if "tracker" in each}
        kinds = kinds or {"any": "memory"}
        data["trackers"] = {name: {} for name in kinds}
        block += "".join(f"\n[trackers.{name}]\n{_TRACKERS[kind]}\n" for name, kind in kinds.items())
    scopes = [f"{name}:*" for name in data.get("trackers", {})]
    team = f'\n[notify.others]\nkind = "log"\n[[teams]]\nname = "All"\nscopes = {scopes}\nnotify = "others"\n'
    return block + (team if scopes else "")


_JIRA = 'kind = "jira"\nurl = "https://acme.atlassian.net"\nprojects = ["APP"]\ntoken = { env = "ANY_TOKEN" }\n'
_TRACKERS = {
    "memory": 'kind = "memory"',
    "github": 'kind = "github"\nrepositories = ["acme/web"]\ntoken = { env = "ANY_TOKEN" }\n',
    "jira": _JIRA,
    "atlassian-goals": _JIRA,
}
"""A tracker for each kind of goal source that needs one."""


@pytest.mark.parametrize("block", list(_configurations()))
def test_configurations_in_documents_are_accepted(block: str, tmp_path: Path) -> None:
    """Whoever copies one, whole or in part, is not refused."""
    data = tomllib.loads(block)
    if "project" in data:  # lines of pyproject.toml
        return
    file = tmp_path / "vindaris.toml"
    file.write_text(_completed(block, data), "utf-8")
    if "goal" in data:
        assert FileGoals(file).read().goals
        return
    for credential in _referred(data, "credential"):
        (tmp_path / credential).write_text("a secret of the example\n", "utf-8")
    environ = dict.fromkeys([*_referred(data, "env"), "ANY_TOKEN"], "https://example.invalid/secret")
    config = load(file, environ, tmp_path)
    assert set(config.trackers) == set(data.get("trackers", {}))


# --- words and names --------------------------------------------------------------------------------------------------


def _words_of_the_code() -> set[str]:
    return {word for source in SOURCES for word in re.findall(r"\w+", source.read_text("utf-8"))}


def _glossary() -> list[list[str]]:
    return rows(text_of("docs/glossary.md"), "word", "meaning", "in code")


def test_words_of_the_glossary_are_the_codes() -> None:
    """Each name in its third column is written like that somewhere in the code."""
    named = {span for row in _glossary() for span in spans(row[2])}
    assert len(named) > 50
    assert {part for name in named for part in name.split(".")} - _words_of_the_code() == set()


def test_no_word_is_explained_twice() -> None:
    """One word for one thing."""
    words = [word.strip() for row in _glossary() for word in row[0].split(",")]
    assert sorted(set(words)) == sorted(words)


def test_the_tables_of_the_store_are_described() -> None:
    """All of them, and no other."""
    told = {span for row in rows(text_of("ARCHITECTURE.md"), "table", "what it is for") for span in spans(row[0])}
    assert told == set(schema.tables)


_NAMED_IN = re.compile(r"((?:`[\w.]+`(?:, | and )?)+) in \[[^]]+\]\(([^)]+\.py)\)")
_NAMED_AFTER = re.compile(r"\[[^]]+\]\(([^)]+\.py)\) `(\w+)`")


def _names_in_files() -> Iterator[Any]:
    for page in PAGES:
        text = text_of(page)
        pairs = [(name, path) for names, path in _NAMED_IN.findall(text) for name in re.findall(r"`([\w.]+)`", names)]
        pairs += [(name, path) for path, name in _NAMED_AFTER.findall(text)]
        for name, path in pairs:
            yield pytest.param(page.parent / path, name, id=f"{name_of(page)}-{name}")


@pytest.mark.parametrize(("path", "name"), list(_names_in_files()))
def test_names_are_where_documents_say(path: Path, name: str) -> None:
    """A function that was renamed or moved takes its mention along."""
    assert re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", path.read_text("utf-8"))


# --- tests and files that documents name ------------------------------------------------------------------------------

_TEST = re.compile(r"((?:tests|vindaris_sync)/[\w/]+\.py)(?:::(\w+))?")


@cache
def _defined(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_tests_that_documents_name_exist(page: Path) -> None:
    """A promise that names its test has one."""
    wrong = []
    for span in spans(text_of(page)):
        for path, name in _TEST.findall(span):
            if "KIND" in path:  # what a connector's author will write
                continue
            if not (ROOT / path).exists() or (name and name not in _defined(ROOT / path)):
                wrong.append(span)
    assert wrong == []


def test_every_fault_is_answered_for() -> None:
    """One row each, with the law it guards and what handles it; a row without a test says what is missing."""
    table = rows(text_of("docs/reliability.md"), "#", "fault", "guards")
    assert [int(row[0]) for row in table] == list(FAULTS)
    assert [
        row[0] for row in table if not re.fullmatch(r"(L([1-9]|1[012])|bounded|budget)(, (L\d+|bounded))?", row[2])
    ] == []
    assert [row[0] for row in table if not row[3] or not (row[4] or row[5])] == []


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    """Changes that people notice are told in the same commit."""
    assert re.search(r"^## \[Unreleased\]\n\n### \w+\n\n- ", text_of("CHANGELOG.md"), re.MULTILINE)
