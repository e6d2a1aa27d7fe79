"""Login at an OpenID Connect provider: which one, and what people may do."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from vindaris_sync.sdk.addresses import base_url
from vindaris_sync.sdk.settings import Settings, TokenValue


def _as_issuer(value: str) -> str:
    base_url(value, wanted="the issuer's address, https://login.acme.example", credentials="client_secret")
    return value  # compared with what the provider says letter by letter, a slash at the end included


class OidcSettings(Settings):
    """A provider whose ID tokens are believed, and which of its people may do what."""

    issuer: Annotated[str, AfterValidator(_as_issuer)]
    """The provider's issuer; ``/.well-known/openid-configuration`` below it says the rest."""
    client_id: str = Field(min_length=1)
    client_secret: TokenValue
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    """What is asked for; some providers give groups only with a scope of their own."""
    claim: str = "groups"
    """The claim that lists a person's groups."""
    read: tuple[str, ...] = ()
    """Groups, and verified e-mail addresses, of those who may read; ``*``: everybody who can log in there."""
    decide: tuple[str, ...] = ()
    """Likewise of those who may decide, too."""
    admin: tuple[str, ...] = ()
    """Likewise of those who may do everything."""
    label: str = Field("Log in with single sign-on", min_length=1, max_length=60)
    """What the link on the login page says."""

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> Self:
        if not (self.read or self.decide or self.admin):
            raise ValueError("nobody could log in: name groups or e-mail addresses in read, decide or admin")
        if "openid" not in self.scopes:
            raise ValueError('scopes: "openid" is what makes it a login')
        return self

    def role(self, names: frozenset[str]) -> Literal["read", "decide", "admin", ""]:
        """Return the highest role of a person with these groups and addresses, compared without case; empty: none."""
        held = {"*", *(name.casefold() for name in names)}
        for role in ("admin", "decide", "read"):
            if held & {name.casefold() for name in getattr(self, role)}:
                return role
        return ""
