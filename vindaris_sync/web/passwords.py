"""Names, roles and password hashes in a file that its owner alone may read: ``ada:decide:$argon2id$…``, one a line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from tempfile import NamedTemporaryFile
from threading import BoundedSemaphore

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from vindaris_sync.config.exposed import exposed
from vindaris_sync.sdk.errors import ConfigError
from vindaris_sync.web.access import Role

SHORTEST = 12
"""Characters of a password; length is what counts, so nothing else is asked of it (NIST SP 800-63B)."""

LONGEST = 256
"""Characters that are looked at, so that nobody makes us hash a book."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_AT_ONCE = 2  # a verification takes 64 MiB and a core
_ADVICE = "`vindaris-sync page passwd NAME --role decide` makes one"


class Busy(Exception):
    """Too many passwords are being verified at this moment."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person in the file."""

    name: str
    role: Role
    hashed: str = field(repr=False)

    @property
    def mark(self) -> str:
        """What is another one as soon as role or password are: a login that was made with it ends then."""
        return sha256(f"{self.name}:{self.role}:{self.hashed}".encode()).hexdigest()


def as_name(text: str) -> str:
    """Return a name as the file has it; ``ConfigError`` where it cannot be one."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name[:64]!r} is no name for a login",
            advice="letters, digits and . _ @ + -, at most 64, the first a letter or digit",
        )
    return name


class Passwords:
    """The file ``path``, read again when it has changed; safe from several threads. ``hasher`` makes new hashes."""

    def __init__(self, path: Path, hasher: PasswordHasher | None = None) -> None:
        self._path, self._hasher = path, hasher or PasswordHasher()
        self._free = BoundedSemaphore(_AT_ONCE)
        self._read: tuple[tuple[int, int, int], Mapping[str, Entry]] | None = None

    def entries(self) -> Mapping[str, Entry]:
        """Return everybody in the file by name. Raises ``ConfigError`` where it is missing, exposed or malformed."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if self._read is None or self._read[0] != stamp:
                if problem := exposed(self._path):
                    raise ConfigError(problem)
                self._read = stamp, _parsed(self._path)
        except FileNotFoundError:
            raise ConfigError(f"[page] passwords: there is no file {self._path}", advice=_ADVICE) from None
        except OSError as error:
            raise ConfigError(f"{self._path}: {(error.strerror or str(error)).lower()}") from None
        return self._read[1]

    def check(self, name: str, password: str) -> Entry | None:
        """Return who ``name`` is where the password is theirs; it takes as long where nobody has that name.

        Raises ``Busy`` where others are being verified, and ``ConfigError`` as ``entries`` does.
        """
        entry = self.entries().get(name.strip().lower()[:LONGEST])
        if not self._free.acquire(timeout=5):
            raise Busy
        try:
            fits = _fits(entry.hashed if entry else self._nobody, password[:LONGEST])
        finally:
            self._free.release()
        return entry if fits else None

    def stands(self, name: str, mark: str) -> bool:
        """Return whether somebody is still in the file, with the role and password that they logged in with."""
        try:
            entry = self.entries().get(name)
        except ConfigError:
            return False
        return entry is not None and entry.mark == mark

    def put(self, name: str, role: Role, password: str) -> None:
        """Write somebody into the file, in place of what it said of them; its owner alone may read it."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise ConfigError(f"a password has {SHORTEST} to {LONGEST} characters", advice="a sentence is easy to keep")
        entry = Entry(as_name(name), role, self._hasher.hash(password))
        self._write({**self._present(), entry.name: entry})

    def remove(self, name: str) -> None:
        """Take somebody out of the file; ``ConfigError`` where it does not name them."""
        present = self._present()
        if present.pop(as_name(name), None) is None:
            raise ConfigError(f"{self._path} does not name {as_name(name)}")
        self._write(present)

    @cached_property
    def _nobody(self) -> str:
        """A hash that no password fits, which takes as long to try as those in the file."""
        like = next((each.hashed for each in self.entries().values()), None)
        hasher = PasswordHasher.from_parameters(extract_parameters(like)) if like else self._hasher
        return hasher.hash(token_urlsafe(32))

    def _present(self) -> dict[str, Entry]:
        return dict(self.entries()) if self._path.exists() else {}

    def _write(self, entries: Mapping[str, Entry]) -> None:
        """Replace the file whole, or leave it as it was. Written by root, it belongs to the owner of its folder."""
        lines = [f"{each.name}:{each.role.name.lower()}:{each.hashed}\n" for each in entries.values()]
        folder = self._path.parent
        with NamedTemporaryFile("w", encoding="ascii", dir=folder, prefix=f".{self._path.name}-", delete=False) as new:
            try:
                new.writelines(lines)
                new.flush()
                os.fsync(new.fileno())
                if os.geteuid() == 0:
                    os.fchown(new.fileno(), folder.stat().st_uid, folder.stat().st_gid)
                Path(new.name).replace(self._path)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise


def _parsed(path: Path) -> dict[str, Entry]:
    found = {}
    for number, line in enumerate(path.read_text("ascii", errors="replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        role, _, hashed = rest.partition(":")
        if not _NAME.fullmatch(name) or role.upper() not in Role.__members__ or not hashed.startswith("$argon2"):
            raise ConfigError(f"{path}:{number}: no line of the form name:role:hash", advice=_ADVICE)
        found[name] = Entry(name, Role.named(role), hashed)
    return found


def _fits(hashed: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
