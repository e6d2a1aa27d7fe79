"""Carries out ``page``: the file of passwords, and tokens in the store."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

import typer

from vindaris_sync.app import open_store
from vindaris_sync.cli.exits import Refusal
from vindaris_sync.cli.output import clean, emit, moment, say, table
from vindaris_sync.config.settings import Config
from vindaris_sync.sdk.durations import parse_duration
from vindaris_sync.store.tokens import Token

PREFIX = "vindaris_"
"""What every token begins with, so that scanners for secrets know one where they see it."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def passwd(config: Config, name: str, role: str, *, remove: bool) -> None:
    """Write somebody into the file of passwords, or take them out."""
    from vindaris_sync.web.access import Role
    from vindaris_sync.web.passwords import Passwords, as_name

    path = config.page.passwords
    if path is None:
        raise Refusal(
            "the configuration names no file of passwords",
            advice=f'write passwords = "{config.state_dir / "passwords"}" below [page]',
        )
    name, file = as_name(name), Passwords(path)
    if remove:
        file.remove(name)
        say(f"{name} is taken out of {path}, and logged out")
        return
    file.put(name, Role.named(role), _password(name))
    say(f"{name} may {role} with the new password, {path}")


def _password(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(f"Password for {name}", hide_input=True, confirmation_prompt="Once more", err=True))


def add_token(config: Config, name: str, scope: str, expires: str, *, as_json: bool) -> None:
    """Make a token and print it."""
    from vindaris_sync.web.access import digest

    if not _NAME.fullmatch(name):
        raise Refusal(f"{clean(name, 64)!r} is no name", advice="lower-case letters, digits and . _ -, at most 64")
    now = datetime.now(UTC)
    until = None if expires == "never" else now + _span(expires)
    secret = f"{PREFIX}{token_urlsafe(32)}"
    with open_store(config, create=True) as store:
        if not store.add_token(Token(name, scope, now, until, None), digest(secret)):
            raise Refusal(
                f"there is a token {name!r} already", advice=f"`vindaris-sync page token revoke {name}` ends it"
            )
    if as_json:
        emit({"token": secret, "name": name, "scope": scope, "expires": until})
        return
    say(secret)
    say(f"It may {scope}, until {moment(until) if until else 'it is revoked'}. It is shown this once.", style="dim")


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Refusal(f"--expires: {error}, or never") from None


def list_tokens(config: Config, *, as_json: bool) -> None:
    """List all tokens."""
    now = datetime.now(UTC)
    with open_store(config, create=True) as store:
        tokens = store.tokens()
    if as_json:
        emit({"tokens": [_document(each, now) for each in tokens]})
        return
    table(("token", "scope", "made", "expires", "last used"), (_row(each, now) for each in tokens))
    if not tokens:
        say("no tokens; `vindaris-sync page token add NAME` makes one")


def _expired(token: Token, now: datetime) -> bool:
    return token.expires is not None and token.expires <= now


def _document(token: Token, now: datetime) -> dict[str, object]:
    return {
        "name": token.name, "scope": token.scope, "created": token.created, "expires": token.expires,
        "used": token.used, "expired": _expired(token, now),
    }  # fmt: skip


def _row(token: Token, now: datetime) -> tuple[str, ...]:
    until = moment(token.expires) if token.expires else "never"
    used = moment(token.used) if token.used else "never"
    return token.name, token.scope, moment(token.created), f"expired {until}" if _expired(token, now) else until, used


def revoke(config: Config, name: str) -> None:
    """Let a token be worth nothing."""
    with open_store(config) as store:
        if not store.revoke_token(name):
            known = ", ".join(each.name for each in store.tokens()) or "none"
            raise Refusal(f"there is no token {clean(name, 64)!r}; there are: {known}")
    say(f"{name} is worth nothing from now on")
