"""The systemd unit is valid, hardened, explained, and fits the example configuration."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "vindaris-sync.service"
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE = 15
"""``systemd-analyze security`` counts from 0 (sealed) to 100 (open); 1.5 as it prints it."""

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed here")


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    """Return what systemd-analyze says."""
    assert ANALYZE
    done = subprocess.run([ANALYZE, *words], capture_output=True, text=True, timeout=60, check=False)
    if "Unknown command" in done.stderr or "unrecognized option" in done.stderr:
        pytest.skip(f"this systemd-analyze is too old for it: {done.stderr.strip()}")
    return done


def settings() -> dict[str, list[str]]:
    """Return the unit's settings, each with its values in order."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@needs_systemd
def test_systemd_accepts_every_line(tmp_path: Path) -> None:
    """Verified as it is, but for the program, which is installed elsewhere."""
    unit = tmp_path / UNIT.name
    unit.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text("utf-8"), flags=re.MULTILINE)
    )
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_the_unit_is_hardened() -> None:
    """A daemon that holds write tokens is exposed to as little as a network service can be."""
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(UNIT))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_every_setting_is_explained() -> None:
    """Above each setting, or above a row of the same one, stands a comment."""
    above = ""
    for line in UNIT.read_text("utf-8").splitlines():
        if name := re.match(r"\w+=", line):
            assert above.startswith(("#", name[0])), f"nothing explains {line}"
        above = line


def test_the_unit_speaks_the_daemons_protocol() -> None:
    """Readiness and the watchdog come from the main process alone."""
    found = settings()
    assert (found["Type"], found["NotifyAccess"]) == (["notify"], ["main"])
    assert found["WatchdogSec"]
    assert found["RestartPreventExitStatus"] == ["2"]


def test_the_units_credentials_are_those_that_the_example_configuration_names() -> None:
    """Whoever copies both has a pair that fits; none of the tokens is in the environment."""
    example = (ROOT / "config.example.toml").read_text("utf-8")
    named = set(re.findall(r'^\w+ = \{ credential = "([^"]+)" \}', example, re.MULTILINE))
    assert {value.partition(":")[0] for value in settings()["LoadCredential"]} == named
    assert "Environment" not in settings()


def test_the_state_directory_is_the_configurations_default() -> None:
    """The daemon may write where it does write."""
    (name,) = settings()["StateDirectory"]
    assert re.search(
        rf'^state_dir = "/var/lib/{name}"$', (ROOT / "config.example.toml").read_text("utf-8"), re.MULTILINE
    )
