"""Hostile answers to whole connectors: only sorted errors come out of them, and what comes out can be stored."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from random import Random, SystemRandom
from traceback import format_tb

import pytest

from tests.security.corpus import KINDS, everything, wired
from tests.security.mutations import changed, damaged, encoded, tried
from tests.security.test_fuzz_mappings import storable
from vindaris_sync.domain.models import Moved, Page, Present
from vindaris_sync.sdk.errors import TrackerUnusable, VindarisError

HEADERS = {
    "Link": (
        "<",
        '<http://[/>; rel="next"',
        "<x>; rel=next",
        '<http://localhost/tracker/\ud800>; rel="next"',
        ";" * 999,
    ),
    "Date": ("", "Fri, 31 Dec 9999 23:59:59 -1400", "Mon, 01 Jan 0001 00:00:00 +1400", "x" * 9999, "0"),
    "Retry-After": ("9" * 400, "-1", "1e9", "Fri, 31 Dec 9999 23:59:59 -1400", "²"),
    "X-RateLimit-Remaining": ("", "-1", "x", "9" * 5000),
    "X-RateLimit-Reset": ("9" * 400, "9999-12-31T23:59:59-14:00", "x"),
    "ETag": ('"', "x" * 9999, "\t"),
    "Location": ("", "http://[", "//", "\\", "http://localhost/tracker/" + "x" * 9999),
    "Content-Type": ("", "text/html", "application/xhtml+xml", "x" * 999),
    "X-Seraph-LoginReason": ("AUTHENTICATED_FAILED", "²"),
}


class Meddler:
    """Lets some answers pass, and then changes each with a chance of one in three, in document or text."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a seed is one history
        self._passing = self._random.choice((0, 0, 1, 2, 5, 10))

    def __call__(self, body: bytes) -> bytes:
        self._passing -= 1
        if self._passing >= 0 or self._random.random() > 1 / 3 or not body.startswith((b"[", b"{")):
            return body
        if self._random.random() < 0.2:
            return damaged(body, self._random)
        return encoded(changed(json.loads(body), self._random))


@pytest.mark.parametrize("kind", KINDS)
def test_fuzz_answers(kind: str) -> None:
    """Pulls, direct reads, the census, definitions and the check meet any document in place of any answer."""
    start, outcomes, count = SystemRandom().randrange(1 << 32), Counter[str](), tried(30)
    for seed in range(start, start + count):
        connector, wire = wired(kind)
        wire.meddle = Meddler(seed)
        try:
            pages, seen = everything(connector)
        except VindarisError as error:
            outcomes[type(error).__name__] += 1
            continue
        except Exception as error:  # noqa: BLE001 - an escape is what is looked for
            pytest.fail(f"{kind}, seed {seed}: {type(error).__name__} escaped: {error}"[:500] + _where(error))
        finally:
            connector.close()
        outcomes["whole"] += 1
        assert all(storable(issue) for page in pages for issue in page.issues), seed
        assert all(storable(each.issue) for each in seen if isinstance(each, Present | Moved)), seed
    print(f"{kind}: seeds from {start}, inputs {count} {dict(outcomes)}, escapes 0")  # noqa: T201 - shown with -s
    assert outcomes["whole"] < count


@pytest.mark.parametrize("kind", KINDS)
def test_fuzz_headers(kind: str) -> None:
    """Any header, however misspelt or far away in time, is read, ignored or a sorted error."""
    outcomes, count = Counter[str](), 0
    for name, values in HEADERS.items():
        for value in values:
            connector, wire = wired(kind)
            wire.headers = {name: value}
            count += 1
            try:
                everything(connector)
                outcomes["whole"] += 1
            except VindarisError as error:
                outcomes[type(error).__name__] += 1
            except Exception as error:  # noqa: BLE001 - as above
                pytest.fail(f"{kind}, {name}: {value[:40]!r}: {type(error).__name__} escaped: {error}" + _where(error))
            finally:
                connector.close()
    print(f"{kind}, headers: inputs {count} {dict(outcomes)}, escapes 0")  # noqa: T201 - as above


@pytest.mark.parametrize("kind", KINDS)
def test_fuzz_cursors(kind: str) -> None:
    """A cursor that was damaged in the database is a full pull, one from a stamp that it still holds, or said."""
    random, count, full = Random(3), tried(30), 0  # noqa: S311 - a sample
    connector, _ = wired(kind)
    first = list(connector.pull({}))
    cursors = {page.scope: page.cursor for page in first}
    for _ in range(count):
        scope = random.choice(list(cursors))
        spoilt = {**cursors, scope: _spoilt(cursors[scope], random)}
        with suppress(TrackerUnusable):  # another repository's number stands in it
            full += _keys(connector.pull(spoilt), scope) == _keys(first, scope)
    for scope in cursors:
        assert _keys(connector.pull(dict.fromkeys(cursors, "\0")), scope) == _keys(first, scope)
    print(f"{kind}, cursors: inputs {count}, read in full again {full}, escapes 0")  # noqa: T201 - as above
    connector.close()


def _keys(pages: Iterable[Page], scope: str) -> set[str]:
    return {issue.key for page in pages if page.scope == scope for issue in page.issues}


def _spoilt(text: str, random: Random) -> str:
    try:
        if random.random() < 0.6:
            return encoded(changed(json.loads(text), random)).decode()
    except ValueError:
        pass
    return damaged(text.encode(), random).decode("utf-8", "replace")


def _where(error: BaseException) -> str:
    return "\n" + "".join(format_tb(error.__traceback__)[-4:])
