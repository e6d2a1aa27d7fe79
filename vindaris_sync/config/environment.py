"""Plain keys of the configuration may be overridden by environment variables: ``VINDARIS_STORE__URL``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_settings import EnvSettingsSource, SettingsError

from vindaris_sync.config.lines import Path
from vindaris_sync.config.settings import Config

PREFIX = str(Config.model_config["env_prefix"])
_NESTED = str(Config.model_config["env_nested_delimiter"])


class _Variables(EnvSettingsSource):
    """pydantic-settings' own reading of variables, over a given environment instead of the process's."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Config)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items()}


def overrides(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that variables state, nested like the file's; lists and tables are written as JSON.

    ``ValueError`` names the variable that holds no JSON where a list or a table belongs.
    """
    try:
        return _Variables(environ)()
    except SettingsError as error:
        field = str(error).partition('"')[2].partition('"')[0]
        raise ValueError(
            f"environment variable {variable((field,))} or one below it: a list or a table is written as JSON"
        ) from None


def variable(path: Path) -> str:
    """Return the variable that sets the key at ``path``."""
    return PREFIX + _NESTED.join(str(name) for name in path if isinstance(name, str)).upper()


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``below`` with every key that ``above`` states, table by table."""
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        tables = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(dict(inner or {}), value) if tables else value
    return merged


def states(given: Mapping[str, Any], path: Path) -> bool:
    """Whether ``given`` states the very key at ``path`` (positions aside)."""
    level: Any = given
    for name in path:
        if isinstance(name, str):
            if not isinstance(level, Mapping) or name not in level:
                return False
            level = level[name]
    return bool(path)
