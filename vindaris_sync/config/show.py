"""The configuration as it is in force, for people and ``--json``, without its secrets."""

from __future__ import annotations

from typing import Any

from vindaris_sync.config.settings import Config


def show(config: Config) -> dict[str, Any]:
    """Return every setting with its value in force, in the file's shape and units; secrets are ``***`` (L9).

    What is not set and has no default is left out.
    """
    return config.model_dump(mode="json", exclude_none=True)
