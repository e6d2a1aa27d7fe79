from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from vindaris_sync.cli.main import app

HEAVY = ("sqlalchemy", "sqlmodel", "alembic", "rich", "requests", "jira", "github", "httpx", "structlog")


def commands(app: typer.Typer) -> Iterator[list[str]]:
    """Yield every command as the words that call it."""

    def below(command: object, words: list[str]) -> Iterator[list[str]]:
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, [*words, name])

    yield from below(get_command(app), [])


ALL = list(commands(app))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_commands_help_has_an_example_that_names_it(words: list[str]) -> None:
    """Whoever asks for help gets a line to copy."""
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    _, _, shown = result.stdout.partition("Examples:")
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    assert lines
    assert all("vindaris-sync" in line for line in lines)
    assert any(" ".join(["vindaris-sync", *words]) in line for line in lines)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_that_prints_data_documents_its_json(words: list[str]) -> None:
    """``--json`` and the description of its shape come together."""
    shown = CliRunner().invoke(app, [*words, "--help"]).stdout
    assert ("--json" in shown.partition("Examples:")[0]) == ("JSON" in shown.partition("Options:")[0])


def test_help_loads_nothing_heavy() -> None:
    """``--help`` and completion are asked for while people think: they load no database, no HTTP and no models."""
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from vindaris_sync.cli.main import app\n"
        "assert CliRunner().invoke(app, ['review', 'list', '--help']).exit_code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_verb_is_a_usage_error() -> None:
    """What cannot be understood ends with exit code 2."""
    result = CliRunner().invoke(app, ["frobnicate"])
    assert result.exit_code == 2
    assert "frobnicate" in result.stderr


def test_the_version_is_printed() -> None:
    """``--version`` tells which one is installed."""
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("vindaris-sync ")
