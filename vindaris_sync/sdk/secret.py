"""Secrets: values that never show themselves, and redaction of those that were read (L9)."""

from __future__ import annotations

from threading import Lock

MASK = "***"
_SHORTEST = 6  # shorter values would turn ordinary words into masks

_known: set[str] = set()
_lock = Lock()


class Secret:
    """A secret value. ``reveal`` is the only way to it; repr, str, format and pickling never show it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) >= _SHORTEST:
            with _lock:
                _known.add(value)

    def reveal(self) -> str:
        """Return the value itself, for the header or form it goes into."""
        return self._value

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


def redact(text: str) -> str:
    """Return ``text`` with every value that was ever held by a ``Secret`` in this process replaced by ``***``."""
    with _lock:
        values = sorted(_known, key=len, reverse=True)
    for value in values:
        if value in text:
            text = text.replace(value, MASK)
    return text
