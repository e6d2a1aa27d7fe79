"""Secrets stay out of the configuration file: it says where they are, and they are read from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from vindaris_sync.config import lines
from vindaris_sync.config.exposed import exposed
from vindaris_sync.config.problems import Problem, model_in
from vindaris_sync.sdk.secret import Secret


@dataclass(frozen=True, slots=True)
class SecretPlaces:
    """Where ``{ env = … }``, ``{ file = … }`` and ``{ credential = … }`` are looked up."""

    environ: Mapping[str, str] = field(repr=False)
    directory: Path
    """Relative files start here."""
    credentials: Path | None
    """The credentials directory of systemd (systemd.exec, *LoadCredential*) or of a container."""

    def read(self, reference: Mapping[str, object]) -> Secret:
        """Return the secret less trailing newlines; ``ValueError`` says what is wrong and never shows the value.

        It can be read again (``Secret.renew``): a token that was put into its file later needs no restart.
        """
        return Secret(self._content(reference), again=partial(self._content, reference))

    def _content(self, reference: Mapping[str, object]) -> str:
        match dict(reference):
            case {"env": str(name), **rest} if not rest:
                source, value = f"environment variable {name}", self._variable(name)
            case {"file": str(name), **rest} if not rest:
                source, value = f"file {name}", _content(self.directory / name, guarded=True)
            case {"credential": str(name), **rest} if not rest:
                source, value = f"credential {name}", self._credential(name)
            case _:
                raise ValueError('write { env = "NAME" }, { file = "PATH" } or { credential = "NAME" }')
        if not (value := value.rstrip("\r\n")):
            raise ValueError(f"{source} is empty")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise ValueError(f"{source} is not UTF-8 text")
        return value

    def _variable(self, name: str) -> str:
        if name not in self.environ:
            raise ValueError(f"environment variable {name} is not set")
        return self.environ[name]

    def _credential(self, name: str) -> str:
        if Path(name).name != name:
            raise ValueError(f"credential {name!r}: a credential's name is no path")
        if self.credentials is None:
            raise ValueError(
                f"credential {name}: CREDENTIALS_DIRECTORY is not set; systemd sets it for LoadCredential={name}:…"
            )
        return _content(self.credentials / name, guarded=False)


def _content(path: Path, *, guarded: bool) -> str:
    try:
        if guarded and (problem := exposed(path)):
            raise ValueError(problem)
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise ValueError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def _is_secret(annotation: object) -> bool:
    return annotation is Secret or any(map(_is_secret, get_args(annotation)))


def resolve(
    model: type[BaseModel], data: Mapping[str, Any], places: SecretPlaces, table: lines.Path = ()
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the settings with every reference to a secret replaced by it, and what could not be read.

    An unreadable secret is replaced by an empty one, so that it is reported once; problems must stop the caller.
    """
    found, problems = dict(data), list[Problem]()
    for name, info in model.model_fields.items():
        value, path = data.get(name), (*table, name)
        if not isinstance(value, Mapping):
            continue
        if _is_secret(info.annotation):
            try:
                found[name] = places.read(value)
            except ValueError as error:
                found[name] = Secret("")
                problems.append(Problem(path, str(error)))
        elif inner := model_in(info.annotation):
            found[name], below = resolve(inner, value, places, path)
            problems += below
    return found, problems
