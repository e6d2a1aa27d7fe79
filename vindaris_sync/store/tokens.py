"""Tokens of programs: their digests, what they may do, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vindaris_sync.store.codec import maybe_instant, maybe_micros, to_instant, to_micros
from vindaris_sync.store.part import Part

_OFTEN = timedelta(hours=1)  # a use is noted as often as this: reading must not mean writing


@dataclass(frozen=True, slots=True)
class Token:
    """A program's token as people see it: the token itself is known to the program alone."""

    name: str
    scope: str
    """``read``, ``decide`` or ``admin``."""
    created: datetime
    expires: datetime | None
    """None: it holds until it is revoked."""
    used: datetime | None
    """When it was used last, to the hour; None: never."""


class Tokens(Part):
    """What programs show instead of a login."""

    def add_token(self, token: Token, digest: str) -> bool:
        """Keep a new token by its digest; False, and nothing kept, where there is one of that name."""
        text = "INSERT INTO token (name, digest, scope, created, expires) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        values = (token.name, digest, token.scope, to_micros(token.created), maybe_micros(token.expires))
        with self._db.write() as sql:
            return bool(sql.run(text, values))

    def tokens(self) -> tuple[Token, ...]:
        """Return all tokens, expired ones too, by name."""
        with self._db.read() as sql:
            return tuple(map(_token, sql.rows("SELECT name, scope, created, expires, used FROM token ORDER BY name")))

    def token_of(self, digest: str, now: datetime) -> Token | None:
        """Return the token with this digest, and note its use; None where there is none, or it has expired."""
        with self._db.read() as sql:
            row = sql.row("SELECT name, scope, created, expires, used FROM token WHERE digest = ?", (digest,))
        found = _token(row) if row else None
        if found is None or (found.expires is not None and found.expires <= now):
            return None
        if found.used is None or now - found.used >= _OFTEN:
            with self._db.write() as sql:
                sql.run("UPDATE token SET used = ? WHERE digest = ?", (to_micros(now), digest))
        return found

    def revoke_token(self, name: str) -> bool:
        """Forget a token, which is worth nothing from now on; False where there is none of that name."""
        with self._db.write() as sql:
            return bool(sql.run("DELETE FROM token WHERE name = ?", (name,)))


def _token(row: tuple[str, str, int, int | None, int | None]) -> Token:
    name, scope, created, expires, used = row
    return Token(name, scope, to_instant(created), maybe_instant(expires), maybe_instant(used))
