"""What goes wrong with documents: one place in one of them, changed as no tracker would, or as some tracker did."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

COUNT = int(os.environ.get("FUZZ", "0"))
"""How many inputs each fuzz test tries; 0: the short form."""


def tried(short: int) -> int:
    """Return how many inputs to try: ``short``, or as many as the environment's ``FUZZ`` asks for."""
    return COUNT or short


_DEEPEST = 20


def nested(depth: int, *, objects: bool = False) -> Any:
    """Return a document of this depth."""
    inner: Any = "x"
    for _ in range(depth):
        inner = {"value": inner} if objects else [inner]
    return inner


STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 2**53, 10**40, -(10**300), 1.5, float("nan"), float("inf"), "", " ", "0", "null",
    "None", "-", "a-1-", "#", "x" * 300_000, "\ud800", "a\udc00b", "\0", "\u202e", "\x1b[2J", "🚀" * 1000, [], {}, [[]],
    [None], [{}], {"": ""}, {"name": None}, {"name": 5}, {"value": ["a"]}, {"key": "x"}, {"id": None}, nested(40),
    nested(700), nested(700, objects=True), ["a"] * 5000, "9999-12-31T23:59:59.999-14:00", "0001-01-01T00:00:00+14:00",
    "2026-13-45T99:99:99Z", "zzzz-01-27T00:48:47Z", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "2026-01-01",
    "https://elsewhere.example/repos/a/b/c", "/repos//x", "9223372036854775808", "٣", "²", "1e9", "0x10",
)  # fmt: skip
"""Values of other types, sizes and meanings than any key is documented to have."""


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to everything in a document, itself first."""
    yield path
    if len(path) > _DEEPEST:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            yield from places(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, (*path, index))


def strange(random: Random) -> Any:
    """Return one of ``STRANGE``, to be changed like all the rest: a copy as deep as ``places`` looks."""
    return _copied(random.choice(STRANGE), _DEEPEST + 2)


def _copied(value: Any, levels: int) -> Any:
    if levels and isinstance(value, list):
        return [_copied(each, levels - 1) for each in value]
    if levels and isinstance(value, dict):
        return {name: _copied(each, levels - 1) for name, each in value.items()}
    return value


def changed(document: Any, random: Random) -> Any:
    """Return a copy of ``document`` with one to three places dropped, replaced, renamed, swapped or retyped."""
    document = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        path = random.choice(list(places(document)))
        if not path:
            if random.random() < 0.1:
                return strange(random)
            continue
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        random.choice(_CHANGES)(parent, path[-1], random)
    return document


def _drop(parent: Any, step: Any, _: Random) -> None:
    del parent[step]


def _replace(parent: Any, step: Any, random: Random) -> None:
    parent[step] = strange(random)


def _retype(parent: Any, step: Any, _: Random) -> None:
    """Numbers as text, text as number, a thing as a list of it, a list as its first."""
    value = parent[step]
    if isinstance(value, bool | int | float):
        parent[step] = str(value)
    elif isinstance(value, str):
        parent[step] = int(value) if value.isdecimal() and len(value) < 100 else [value]
    elif isinstance(value, list):
        parent[step] = value[0] if value else {}
    else:
        parent[step] = [value]


def _rename(parent: Any, step: Any, random: Random) -> None:
    if isinstance(parent, dict):
        parent[random.choice((step.upper(), step + "\0", "\ud800", ""))] = parent.pop(step)


def _swap(parent: Any, step: Any, random: Random) -> None:
    other = random.choice(list(parent) if isinstance(parent, dict) else list(range(len(parent))))
    parent[step], parent[other] = parent[other], parent[step]


_CHANGES: tuple[Callable[[Any, Any, Random], None], ...] = (_drop, _replace, _replace, _retype, _rename, _swap)


def damaged(body: bytes, random: Random) -> bytes:
    """Return a JSON body changed in its text: cut, doubled keys, wrong tokens, wrong bytes, a bomb inside."""
    at = random.randrange(len(body) + 1)
    return random.choice(_DAMAGES)(body, at)


def _tokened(token: bytes) -> Callable[[bytes, int], bytes]:
    def put(body: bytes, at: int) -> bytes:
        colon = body.find(b":", at)
        return body if colon < 0 else body[: colon + 1] + token + b',"x":' + body[colon + 1 :]

    return put


_DAMAGES: tuple[Callable[[bytes, int], bytes], ...] = (
    lambda body, at: body[:at],
    lambda body, at: body[:at] + b"\xff\xfe" + body[at:],
    lambda body, at: body[:at] + body[at + 1 :],
    lambda body, at: body[:at] + b"\0" + body[at:],
    lambda body, _: body + body,
    lambda body, _: b"\xef\xbb\xbf" + body,
    lambda body, _: body.replace(b'"', b"'"),
    lambda body, _: body.replace(b'":', b'":0,"id":', 1),
    lambda _, __: b"[" * 100_000,
    lambda _, __: b"",
    *(_tokened(token) for token in (b"NaN", b"-Infinity", b"1" * 5000, b"1e999", b'"\\ud800"', b"[" * 3000, b"{}{}")),
)


def encoded(document: Any) -> bytes:
    """Return ``document`` as JSON that keeps lone surrogates, as some servers do."""
    return json.dumps(document).encode()
