"""How a process of the command ends where somebody else ends it: Ctrl-C while it loads, a reader that has left."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.unit.cli.installation import Installation

_INTERRUPTED = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
sys.meta_path.insert(0, Finder())
sys.argv = ["vindaris-sync", "--version"]
from vindaris_sync.cli.__main__ import main
main()
"""


def test_an_interrupt_while_modules_are_loaded_ends_silently() -> None:
    """No traceback, and the exit code of every other Ctrl-C; the script that is installed is the one that does so."""
    done = subprocess.run([sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {"vindaris-sync": "vindaris_sync.cli.__main__:main"}


@pytest.mark.parametrize("words", [("goal", "list"), ("goal", "list", "--json")], ids=" ".join)
def test_a_reader_that_has_left_is_no_drift(running: Installation, words: tuple[str, ...]) -> None:
    """The output goes into a pipe that is closed already: 141, as of any program in a shell, and not a word."""
    command = [sys.executable, "-m", "vindaris_sync.cli", *words, "--config", str(running.config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(60), said) == (141, b"")
