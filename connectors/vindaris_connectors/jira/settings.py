"""What a ``[trackers.NAME]`` block of kind ``jira`` holds."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from vindaris_connectors.jira import jql
from vindaris_sync.sdk.addresses import base_url
from vindaris_sync.sdk.settings import SecretValue, TrackerSettings

GATEWAY = re.compile(r"https://api\.atlassian\.com/ex/jira/[0-9a-fA-F-]+")
"""Where scoped API tokens work, and nowhere else (Atlassian, *Manage API tokens*)."""

_FIELD_SURFACE = "field:"


def _as_base_url(url: str) -> str:
    return base_url(url, wanted="the site's address, https://acme.atlassian.net", credentials="email and token")


def _as_project_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(keys)) != len(keys):
        raise ValueError("a project is named twice")
    for key in keys:
        jql.project_key(key)
    return keys


def _as_jql(text: str) -> str:
    return jql.written(text).text[1:-1] if text.strip() else ""


class JiraSettings(TrackerSettings):
    """One Jira site: Cloud with ``email`` and an API token, Data Center with a personal access token alone."""

    kind: Literal["jira"] = "jira"
    url: Annotated[str, AfterValidator(_as_base_url)]
    """``https://acme.atlassian.net``, a Data Center's base URL, or ``https://api.atlassian.com/ex/jira/{cloudId}``."""
    email: str = ""
    """Cloud: the account the API token belongs to. Data Center: empty, the token goes as Bearer."""
    token: SecretValue
    projects: Annotated[tuple[str, ...], AfterValidator(_as_project_keys)] = ()
    """Keys of the projects to track; or ``jql``."""
    jql: Annotated[str, AfterValidator(_as_jql)] = ""
    """A query that bounds what is tracked, without ORDER BY; or ``projects``."""
    epic_link: str = ""
    """Data Center: name or id of the Epic Link field; empty: found by its type."""
    link_type: str = Field("Relates", min_length=1)
    """The type of link between a goal's issue and work below it where the hierarchy allows no parent."""
    estimate: str = ""
    """Number field that holds estimates, by name or id, or ``timeoriginalestimate``, in hours; empty: none is read."""
    declined_resolutions: tuple[str, ...] = ("Won't Do", "Won't Fix", "Declined", "Duplicate", "Cannot Reproduce")
    """Resolutions of issues that were closed without being done; work that a goal requires is asked about then."""
    public: bool = False
    """Whether strangers can read the site: private goals' titles are kept out of it then."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.projects) == bool(self.jql):
            raise ValueError('name either projects = ["APP"] or jql = "…", one of the two')
        self._check_token()
        self._check_surfaces()
        return self

    def _check_token(self) -> None:
        try:
            _ = self.email or self.token.sendable()  # with an email both go encoded
        except ValueError as error:
            raise ValueError(f"token: {error}") from None

    def _check_surfaces(self) -> None:
        back = self.write_back
        for name in ("label_prefix", "review_label", "exempt_label"):
            if re.search(r"\s", getattr(back, name)):
                raise ValueError(f"write_back.{name}: a Jira label holds no spaces")
        for surface in back.surfaces:
            if surface != "label" and not surface.removeprefix(_FIELD_SURFACE).strip():
                raise ValueError('write_back.surfaces: write "label" or "field:NAME"')
            if surface != "label" and not surface.startswith(_FIELD_SURFACE):
                raise ValueError(f'write_back.surfaces: {surface!r} is neither "label" nor "field:NAME"')

    @property
    def estimate_id(self) -> str:
        """The id of the field of estimates, where it is written as one; empty where the site must be asked."""
        return self.estimate if re.fullmatch(r"customfield_\d+|timeoriginalestimate", self.estimate) else ""

    @property
    def estimate_unit(self) -> str:
        """``hours`` for Jira's own field, ``points`` for a field by id, else the field's name."""
        if self.estimate == self.estimate_id:
            return "" if not self.estimate else "hours" if self.estimate == "timeoriginalestimate" else "points"
        return self.estimate

    def named_places(self) -> tuple[str, ...] | None:
        """Return the project keys; ``None`` where ``jql`` decides."""
        return self.projects or None

    @property
    def gateway(self) -> bool:
        """Whether the address is Atlassian's gateway for scoped tokens, which people cannot browse."""
        return GATEWAY.fullmatch(self.url) is not None

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of the managed fields: of goal surfaces in order, then those that show priority and status."""
        goals = (s.removeprefix(_FIELD_SURFACE).strip() for s in self.write_back.surfaces if s != "label")
        return (*goals, *self.write_back.mirror_fields)
