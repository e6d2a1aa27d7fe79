"""Paths in the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo


def _in_directory(path: Path, info: ValidationInfo) -> Path:
    return info.context["directory"] / path if info.context else path


FilePath = Annotated[Path, AfterValidator(_in_directory)]
"""A path; a relative one starts at the directory of the configuration file."""
