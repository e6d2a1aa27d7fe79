"""Secrets: values that never show themselves, and redaction of those that were read (L9).

A secret that comes back comes in other clothes: in a percent-encoded address, as the Base64 of ``email:token``, with
JSON's escapes in an error's body, one line of a key. All forms that our libraries and the services we talk to make of
a value are masked with it.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

MASK = "***"
_SHORTEST = 6  # shorter values would turn ordinary words into masks
_SHORTEST_PART = 16  # a part of an address or one line of a key: shorter ones are words
PASSWORDS = frozenset({"password", "passfile", "sslpassword"})
"""The names under which a database's address may hold what opens it (libpq, *Parameter Key Words*)."""
_FLEETING = 32  # short-lived values that are remembered; an older one has ended

_LONE = "surrogatepass"  # a variable of the environment may hold bytes that are no text

_ESCAPED = re.compile(
    r"(?:\\u00|\\x|%)(?P<hex>[2-7][0-9a-fA-F])|&#(?:x(?P<html>[2-7][0-9a-fA-F])|(?P<decimal>\d{2,3}));"
)
"""A printable character of ASCII as JSON, Python, addresses and HTML may write it, although they need not."""

_lasting: dict[str, tuple[str, ...]] = {}
_fleeting: OrderedDict[str, tuple[str, ...]] = OrderedDict()
_known: tuple[str, ...] = ()
_lock = Lock()


class Secret:
    """A secret value. ``reveal`` is the only way to it; repr, str, format and pickling never show it.

    ``fleeting``: the value ends by itself within the hour, and others follow it; only the newest ones stay masked, so
    that months of renewed tokens cost nothing. ``again`` reads the value anew from where it came from, and may raise
    ``ValueError`` where it cannot.
    """

    __slots__ = ("_again", "_value")

    def __init__(self, value: str, *, fleeting: bool = False, again: Callable[[], str] | None = None) -> None:
        self._value = value
        self._again = again
        if len(value) >= _SHORTEST:
            _remember(value, fleeting=fleeting)

    def reveal(self) -> str:
        """Return the value itself, for the header or form it goes into."""
        return self._value

    def renew(self, refused: str) -> bool:
        """Read the value again, since a service refused it; return whether it is another one than ``refused`` now.

        Where nothing can be read, or it is empty, the value stays. Whoever asked for it before holds the former one.
        """
        if self._value == refused and self._again is not None:
            try:
                value = self._again()
            except ValueError:
                return False
            if value and value != refused:
                if len(value) >= _SHORTEST:
                    _remember(value, fleeting=False)
                self._value = value
        return self._value != refused

    def sendable(self) -> Secret:
        """Return the secret as one that a header, or a log-in, can carry; ``ValueError`` says why it cannot be one.

        What is read again later is held to the same: what cannot be sent is not taken up.
        """
        again = self._again
        return Secret(_sendable(self._value), again=None if again is None else lambda: _sendable(again()))

    def watch(self) -> Callable[[], bool]:
        """Return what calls ``renew`` with the value held now; a traceback that shows locals does not show it (L9)."""
        held = self._value
        return lambda: self.renew(held)

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        message = "a Secret is not pickled"
        raise TypeError(message)


def _sendable(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        message = "what was read there holds characters that cannot be sent: only printable ASCII can; copy it anew"
        raise ValueError(message)
    return value


def redact(text: str) -> str:
    """Return ``text`` with every value that was ever held by a ``Secret`` in this process replaced by ``***``.

    Its other forms are replaced as well (see the module's description). Redact first and cut afterwards: half a secret
    is not recognised. Where characters that need no escape are escaped all the same, the text comes back without.
    """
    if _ESCAPED.search(text) is not None and holds_secret(plain := _ESCAPED.sub(_unescaped, text)):
        text = plain
    for value in _known:
        if value in text:
            text = text.replace(value, MASK)
    return text


def holds_secret(text: str) -> bool:
    """Return whether ``redact`` would change ``text``."""
    for value in _known:  # noqa: SIM110 - asked for every issue; a generator takes four times as long
        if value in text:
            return True
    return False


def _unescaped(found: re.Match[str]) -> str:
    hexadecimal, decimal = found["hex"] or found["html"], found["decimal"]
    return chr(int(hexadecimal, 16) if hexadecimal else int(decimal))


def _remember(value: str, *, fleeting: bool) -> None:
    global _known  # noqa: PLW0603 - one register for the process; readers take it without a lock
    with _lock:
        if value in _lasting or value in _fleeting:
            return
        (_fleeting if fleeting else _lasting)[value] = tuple(_forms(value))
        if len(_fleeting) > _FLEETING:
            _fleeting.popitem(last=False)
        every = {form for forms in (*_lasting.values(), *_fleeting.values()) for form in forms}
        _known = tuple(sorted(every, key=len, reverse=True))  # a longer one before the shorter one that it contains


def _forms(value: str) -> Iterator[str]:
    """Yield what ``value`` looks like wherever it may turn up."""
    for part in {value, *_parts(value)}:
        yield from _escaped(part)
    if "\n" not in value:
        yield from (form for form in _inside_base64(value.encode("utf-8", _LONE)) if len(form) >= _SHORTEST)


def _parts(value: str) -> Iterable[str]:
    """Return what is secret by itself: a key's lines, an address's password, path and long segments."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        return [line for line in lines if len(line) >= _SHORTEST_PART and not line.startswith("-----")]
    if "://" not in value:
        return ()
    try:
        address = urlsplit(value)
        password = unquote(address.password or "")
    except ValueError:
        return ()
    target = f"{address.path}?{address.query}" if address.query else address.path
    asked = parse_qsl(address.query)
    words = (target, *address.path.split("/"), *(word for _, word in asked))
    passwords = (password, *(word for name, word in asked if name.casefold() in PASSWORDS))
    long = [word for word in words if len(word) >= _SHORTEST_PART]
    return long + [word for word in passwords if len(word) >= _SHORTEST]


def _escaped(value: str) -> Iterator[str]:
    """Yield ``value`` as addresses, JSON, Python and HTML write it."""
    yield value
    for encoded in (quote(value, "", None, _LONE), quote(value, "/", None, _LONE), quote_plus(value, "", None, _LONE)):
        yield encoded
        yield _lower_hex(encoded)
    for document in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        yield document[1:-1]
        yield document[1:-1].replace("/", r"\/")
    yield repr(value)[1:-1]
    yield html.escape(value)
    yield html.escape(value, quote=False)


def _lower_hex(encoded: str) -> str:
    head, *rest = encoded.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _inside_base64(value: bytes) -> Iterator[str]:
    """Yield what the Base64 of *anything* that contains ``value`` contains, for each place it may have in there.

    Basic authentication is the Base64 of ``name:token``; three bytes make four characters, so there are three places.
    """
    for before in range(3):
        padded = b"\0" * before + value
        start, end = -(-before * 8 // 6), len(padded) * 8 // 6
        for alphabet in (b64encode, urlsafe_b64encode):
            yield alphabet(padded).decode("ascii")[start:end]
