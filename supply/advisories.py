"""Known vulnerabilities of what an installation runs: ``python -m supply.advisories [--osv-url URL]``.

pip-audit asks an advisory service about every locked package. It ends with 0 also where the service knows none of
them, or answers instead of it; so its report is read package by package, and what was not audited is never passed over.

Exit codes: 0 all audited, nothing known; 1 vulnerabilities are known; 3 **not checked**: no service could be reached,
or it left packages out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supply.lock import normal, pinned

CLEAN, VULNERABLE, NOT_CHECKED = 0, 1, 3
REQUIREMENTS = Path("requirements-run.txt")
_SERVICES = (("PyPI", ("--vulnerability-service", "pypi")), ("OSV", ("--vulnerability-service", "osv")))
_SHOWN = 5
_LONGEST = 160
_ELSEWHERE = "No advisory service that knows our packages can be reached; check before a release where one can"


@dataclass(frozen=True, slots=True)
class Audit:
    """What one service said: advisories by package, and the packages it said nothing about."""

    service: str
    known: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    trouble: str = ""

    @property
    def code(self) -> int:
        """The exit code it stands for."""
        return VULNERABLE if self.known else NOT_CHECKED if self.left_out else CLEAN


def read(service: str, report: str, packages: Mapping[str, str], trouble: str = "") -> Audit:
    """Return what pip-audit's JSON report says about ``packages``; what it does not mention was left out."""
    try:
        entries: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, LookupError, TypeError):
        return Audit(service, {}, tuple(packages), trouble or "no report")
    audited = {normal(each["name"]): each for each in entries if "vulns" in each}
    known = {
        name: tuple(f"{found['id']} (fixed in {', '.join(found['fix_versions']) or 'nothing yet'})" for found in vulns)
        for name, each in audited.items()
        if (vulns := each["vulns"])
    }
    return Audit(service, known, tuple(name for name in packages if name not in audited), trouble)


def ask(service: str, options: Sequence[str], requirements: Path) -> Audit:
    """Run pip-audit with one service; takes a few seconds a hundred packages."""
    asked = subprocess.run(  # noqa: S603 - our own interpreter, arguments of our own
        [sys.executable, "-m", "pip_audit", "--requirement", str(requirements), "--disable-pip", "--require-hashes",
         "--format", "json", "--progress-spinner", "off", "--timeout", "10", *options],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    trouble = asked.stderr.strip().rpartition("\n")[2] if asked.returncode else ""
    return read(service, asked.stdout, pinned(requirements), trouble[:_LONGEST])


def tell(audit: Audit, total: int) -> None:
    """Print one service's answer."""
    for name, advisories in audit.known.items():
        print(f"advisories: {name}: {', '.join(advisories)}", file=sys.stderr)
    if audit.left_out:
        names = ", ".join(audit.left_out[:_SHOWN]) + (", …" if len(audit.left_out) > _SHOWN else "")
        why = f" ({audit.trouble})" if audit.trouble else ""
        done = f"{total - len(audit.left_out)} of {total} packages"
        print(f"advisories: {audit.service} audited {done}, not {names}{why}", file=sys.stderr)
    else:
        print(f"advisories: {audit.service} knows of {len(audit.known)} vulnerable among {total} packages")


def main(arguments: Sequence[str] = ()) -> int:
    """Ask service after service until one has audited everything, and return the exit code."""
    services = (("the given service", ("--vulnerability-service", "osv", *arguments)),) if arguments else _SERVICES
    total = len(pinned(REQUIREMENTS))
    for service, options in services:
        audit = ask(service, options, REQUIREMENTS)
        tell(audit, total)
        if audit.code != NOT_CHECKED:
            return audit.code
    print(f"advisories: NOT CHECKED. {_ELSEWHERE}", file=sys.stderr)
    return NOT_CHECKED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
