"""What a ``[trackers.NAME]`` block of kind ``github`` holds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from vindaris_sync.sdk.addresses import base_url
from vindaris_sync.sdk.settings import Duration, SecretValue, TokenValue, TrackerSettings

DOTCOM = "https://api.github.com"
LONGEST_LABEL = 50
"""Characters of a label's name (GitHub, REST *Labels*)."""

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})/[A-Za-z0-9._-]{1,100}")
_FIELD_SURFACE = "field:"


def _as_api_url(url: str) -> str:
    wanted = f"the API's address: {DOTCOM}, or https://HOST/api/v3 for Enterprise Server"
    address = base_url(url, wanted=wanted, credentials="token or private_key")
    if urlsplit(address).hostname in {"github.com", "www.github.com"}:
        raise ValueError(f"{url} is for people; the API's address is {DOTCOM}")
    return address


def _as_repositories(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _REPOSITORY.fullmatch(name) or name.endswith(("/.", "/..")):
            raise ValueError(f'{name!r} is no repository; write "owner/name"')
    if len({name.casefold() for name in names}) != len(names):
        raise ValueError("a repository is named twice")
    return names


class GithubSettings(TrackerSettings):
    """Repositories on one GitHub, read and written with one credential: a token, or an App's installation."""

    kind: Literal["github"] = "github"
    url: Annotated[str, AfterValidator(_as_api_url)] = DOTCOM
    """The API: ``https://api.github.com``, ``https://HOST/api/v3`` (Enterprise Server), or loopback."""
    repositories: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_as_repositories)]
    """``owner/name`` each; they are the scopes under which cursors are kept."""
    token: TokenValue | None = None
    """A fine-grained or classic personal access token; or the three keys of an App."""
    app_id: int | None = Field(None, gt=0)
    installation_id: int | None = Field(None, gt=0)
    private_key: SecretValue | None = None
    """The App's private key, PEM."""
    write_interval: Duration = Field(timedelta(seconds=1), le=timedelta(minutes=1))
    """Least time between the starts of two writes; a second, as GitHub advises (REST, *Best practices*)."""
    pull_requests: bool = False
    """Whether pull requests are handed on too; they are never tracked, and by default not even read into the store."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        app = (self.app_id, self.installation_id, self.private_key)
        if (self.token is None) == (app == (None, None, None)):
            raise ValueError("give either token, or app_id with installation_id and private_key")
        if self.token is None and None in app:
            raise ValueError("an App needs all of app_id, installation_id and private_key")
        self._check_surfaces()
        return self

    def _check_surfaces(self) -> None:
        for surface in self.write_back.surfaces:
            if surface != "label" and not self._field(surface):
                raise ValueError(f'write_back.surfaces: {surface!r} is neither "label" nor "field:NAME"')
        for name in ("label_prefix", "review_label", "exempt_label"):
            label = getattr(self.write_back, name)
            if label != label.strip():
                raise ValueError(f"write_back.{name}: GitHub drops spaces at the ends of a label")

    @staticmethod
    def _field(surface: str) -> str:
        return surface.removeprefix(_FIELD_SURFACE).strip() if surface.startswith(_FIELD_SURFACE) else ""

    def named_places(self) -> tuple[str, ...]:
        """Return the repositories."""
        return self.repositories

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of the organisations' managed issue fields: of goal surfaces in order, then those of mirrors."""
        return (*self.goal_fields, *self.write_back.mirror_fields)

    @property
    def goal_fields(self) -> tuple[str, ...]:
        """The names of the organisations' issue fields that are goal surfaces, in order."""
        return tuple(name for surface in self.write_back.surfaces if (name := self._field(surface)))

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners of the repositories, as written, each once."""
        return tuple(dict.fromkeys(name.partition("/")[0] for name in self.repositories))
