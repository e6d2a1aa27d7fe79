"""Every dependency's licence must be one that we have agreed to: ``python -m supply.licences``.

The list is ``[tool.supply]`` of ``pyproject.toml``: SPDX identifiers that are allowed, and packages whose licence we
have looked up ourselves. What a package says is read from its metadata: the SPDX expression (PEP 639), else its
classifiers, else the word in ``License``. A licence that cannot be told is not allowed.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from license_expression import ExpressionError, LicenseSymbol, get_spdx_licensing

from supply.lock import pinned

_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Trove classifiers that name one licence, in SPDX's words. "BSD License" leaves the number of clauses open; all of
them ask for no more than the one with three."""
_APPROVED = "License :: OSI Approved :: "
_SPDX = get_spdx_licensing()


def stated(package: str) -> str:
    """Return the SPDX expression of an installed package's licence, empty where its metadata does not tell.

    Raises ``PackageNotFoundError`` where it is not installed.
    """
    said = metadata(package)
    if "License-Expression" in said:
        return str(said["License-Expression"])
    named = [each.removeprefix(_APPROVED) for each in said.get_all("Classifier") or () if each.startswith(_APPROVED)]
    if named:
        return " AND ".join(_CLASSIFIERS.get(each, "") for each in named) if set(named) <= set(_CLASSIFIERS) else ""
    word = str(said["License"]).strip() if "License" in said else ""
    return word if "\n" not in word else ""


def allowed(expression: str, licences: Collection[str]) -> bool:
    """Return whether an SPDX expression can be met by the given licences alone; what is no SPDX cannot."""
    try:
        parsed = _SPDX.parse(expression, validate=True, strict=True)
    except ExpressionError:
        return False
    return parsed is not None and _met(parsed, licences)


def _met(node: object, licences: Collection[str]) -> bool:
    if isinstance(node, LicenseSymbol):
        return node.key in licences
    parts = [_met(part, licences) for part in getattr(node, "args", ())]
    return any(parts) if isinstance(node, _SPDX.OR) else bool(parts) and all(parts)


def unmet(packages: Collection[str], licences: Collection[str], known: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each package whose licence is not allowed or cannot be told."""
    for package in sorted(packages):
        if package in known:
            continue
        try:
            expression = stated(package)
        except PackageNotFoundError:
            yield f"{package}: not installed on this platform; look its licence up and name it in [tool.supply.known]"
            continue
        if not allowed(expression, licences):
            yield f"{package}: {expression or 'its metadata does not tell the licence'}"


def main() -> int:
    """Check the whole lock, print what was found, and return 0 or 1."""
    settings = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["supply"]
    packages, known = pinned(Path("requirements.txt")), settings["known"]
    wrong = list(unmet(packages, settings["licences"], known))
    for line in wrong:
        print(f"licences: {line}", file=sys.stderr)
    if wrong:
        print("licences: agree to it in [tool.supply] of pyproject.toml, or do without the package", file=sys.stderr)
        return 1
    print(f"licences: {len(packages)} packages, each under a licence of the list ({len(known)} looked up by hand)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
