"""Commands that documents, helps and advices name exist, with these options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import typer.main

from tests.docs.pages import PAGES, ROOT, SOURCES, blocks, name_of, parts, shell_lines, spans, text_of
from vindaris_sync.cli import exits
from vindaris_sync.cli.main import app
from vindaris_sync.domain.messages import Item, Kind, Subject, compose

ROOT_COMMAND: Any = typer.main.get_command(app)
README = text_of("README.md")
_PROGRAM = re.compile(r"(?:^|.*\s|.*/)vindaris-sync(?:\s+(.*))?$")


def verbs(command: Any = ROOT_COMMAND, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every verb that does something, with its path."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from verbs(inner, (*path, name))
    if path and not hasattr(command, "commands"):
        yield path, command


VERBS = dict(verbs())


def refusal(words: list[str], *, mention: bool = False) -> str:
    """Return why the command line ``words`` is none, empty where it is one.

    ``mention``: verb and options exist, but arguments may be left out.
    """
    command, path = ROOT_COMMAND, []
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        command = command.commands.get(words[0])
        path.append(words.pop(0))
        if command is None:
            return f"there is no {' '.join(path)}"
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    unknown = {word.partition("=")[0] for word in words if word.startswith("-")} - known - {"-"}
    if mention or unknown or words == ["--help"]:
        return f"{' '.join(path)}: no option {unknown}" if unknown else ""
    if hasattr(command, "commands"):
        return "no verb is named"
    try:
        command.make_context(path[-1], words)
    except typer.TyperException as error:
        return str(error)
    return ""


def arguments(line: str) -> list[str] | None:
    """Return what follows the program's name; None where the line runs something else."""
    found = _PROGRAM.fullmatch(line)
    if found is None or re.match(r"(alias|export|make|sudo (?!\S*vindaris-sync)|systemctl|journalctl|cd) ?", line):
        return None
    return shlex.split(found[1] or "")


def mentions(text: str) -> Iterator[str]:
    """Yield what stands in backticks and begins like a command of ours."""
    for span in spans(text):
        first, _, rest = span.partition(" ")
        if first == "vindaris-sync" and rest:
            yield rest
        elif first in ROOT_COMMAND.commands and re.match(r"--|[a-z]", rest):
            yield span


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_of_shell_blocks_can_be_typed(page: Any) -> None:
    """Whoever copies a line gets what is promised, not a usage error."""
    wrong = {}
    for line in shell_lines(text_of(page)):
        words = arguments(line)
        if words and (reason := refusal(words)):
            wrong[line] = reason
    assert wrong == {}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_in_running_text_exist(page: Any) -> None:
    """A verb or an option that was renamed does not live on in a sentence."""
    found = {line: refusal(shlex.split(line), mention=True) for line in mentions(text_of(page))}
    assert {line: reason for line, reason in found.items() if reason} == {}


def test_advice_in_code_names_commands_that_exist() -> None:
    """What an error tells people to type can be typed."""
    wrong = {}
    for source in SOURCES:
        for command in re.findall(r"`vindaris-sync ([^`]+)`", source.read_text("utf-8")):
            line = re.sub(r"\{[^}]*\}", "NAME", command)
            if reason := refusal(shlex.split(line), mention=True):
                wrong[f"{name_of(source)}: {line}"] = reason
    assert wrong == {}


@pytest.mark.parametrize("kind", Kind)
def test_chat_messages_name_commands_that_exist(kind: Kind) -> None:
    """The last line of a message says what to type, for every kind of message."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    message = compose(Subject("Growth", kind, "jira-main"), [Item("1", "APP-1", "An issue")], now)
    for line in re.findall(r"vindaris-sync (.+)", message.footer):
        assert refusal(shlex.split(line), mention=True) == ""


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_every_verb_has_help_and_examples_that_can_be_typed(path: tuple[str, ...]) -> None:
    """Help says what a verb does and shows how it is used."""
    verb = VERBS[path]
    lines = [line.strip() for line in (verb.epilog or "").splitlines() if "vindaris-sync" in line]
    assert verb.help
    assert any(line.startswith(f"vindaris-sync {' '.join(path)}") for line in lines)
    for line in lines:
        for command in parts(line):
            assert (words := arguments(command)) is None or refusal(words) == "", command


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_every_verb_is_in_the_readme(path: tuple[str, ...]) -> None:
    """The table of commands is complete."""
    named = {span.removeprefix("vindaris-sync ") for span in spans(README)}
    assert " ".join(path) in named


def test_the_readmes_exit_codes_are_the_programs() -> None:
    """All of them, and no other."""
    told = set(map(int, re.findall(r"^\| (\d+) \| \D", README, re.MULTILINE)))
    held = {
        value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int) and name[0] != "_"
    }
    assert told == held


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page: Any) -> None:
    """In shell blocks and in sentences."""
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    text = text_of(page)
    told = {one for line in (*shell_lines(text), *spans(text)) for one in re.findall(r"^make ([a-z-]+)", line)}
    assert told <= targets


def test_the_readme_names_every_target_that_people_use() -> None:
    """What ``make help`` lists stands in the README or in CONTRIBUTING."""
    listed = set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE))
    both = README + text_of("CONTRIBUTING.md")
    assert {target for target in listed if not re.search(rf"\bmake {target}\b", both)} == set()


def test_the_demos_output_in_the_readme_is_the_demos() -> None:
    """Each line was printed by the demo, and what lies on one machine alone was left out of its record."""
    recorded = (ROOT / "docs" / "demo.txt").read_text("utf-8").splitlines()
    shown = next(blocks(README.partition("<!-- demo -->")[2], ""))
    printed = {line.rstrip() for line in recorded}
    assert [line for line in shown.splitlines() if line.strip() and line.rstrip() not in printed] == []
