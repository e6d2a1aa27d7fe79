"""How values become columns: instants as integer microseconds since 1970 UTC, structures as JSON text.

Integers and not ISO text: 8 bytes instead of 27 in every row and index, compared as numbers in SQL, and writing and
reading one takes about as long (within a microsecond). What a decoder returns is shared between callers: treat it as
frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from vindaris_sync.domain.models import Base, Raw, Traits
from vindaris_sync.domain.records import CauseKey, Conflict, ParentBasis, Reason, Stood

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = 2**52  # up to 2112 a float of seconds still tells microseconds apart
_CACHED = 4096  # distinct texts kept decoded; most issues show one of few things


def to_micros(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970 UTC, exactly."""
    return span_micros(at - EPOCH)


def span_micros(span: timedelta) -> int:
    """Return a span of time as microseconds, exactly."""
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


@lru_cache(maxsize=8192)  # an issue's stamp stands on each of its bases, and in many rows of one page
def to_instant(micros: int) -> datetime:
    """Return the instant of ``micros``, aware and in UTC."""
    if 0 <= micros < _EXACT:
        return datetime.fromtimestamp(micros / 1_000_000, UTC)  # half the time of adding a timedelta
    return EPOCH + timedelta(microseconds=micros)


def maybe_micros(at: datetime | None) -> int | None:
    """Return ``to_micros`` of what there is."""
    return None if at is None else to_micros(at)


def maybe_instant(micros: int | None) -> datetime | None:
    """Return ``to_instant`` of what there is."""
    return None if micros is None else to_instant(micros)


def dump(value: object) -> str:
    """Return ``value`` as compact JSON with sorted keys; integer keys become text."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def load(text: str) -> Any:  # noqa: ANN401 - JSON holds whatever was put there
    """Return what ``dump`` was given, with lists for tuples and text for keys."""
    return orjson.loads(text)


@lru_cache(_CACHED)
def load_observed(text: str) -> Mapping[str, Raw]:
    """Return what the surfaces show, by surface key."""
    return {key: tuple(values) for key, values in orjson.loads(text).items()}


def dump_traits(traits: Traits) -> str:
    """Return what rules look at as JSON, without what is empty: most issues show little of it."""
    found = {
        "c": sorted(traits.components), "l": sorted(traits.labels), "m": traits.milestone, "i": traits.milestone_id
    }  # fmt: skip
    return dump({name: value for name, value in found.items() if value})


@lru_cache(_CACHED)
def load_traits(text: str) -> Traits:
    """Return what ``dump_traits`` was given."""
    found = orjson.loads(text)
    labels, components = frozenset(found.get("l", ())), frozenset(found.get("c", ()))
    return Traits(labels, components, found.get("m", ""), found.get("i", ""))


@lru_cache(_CACHED)
def load_ids(text: str) -> tuple[int, ...]:
    """Return a list of ids, in order."""
    return tuple(orjson.loads(text))


@lru_cache(_CACHED)
def load_undefined(text: str) -> frozenset[tuple[str, str]]:
    """Return the (surface key, folded value) pairs whose definition is gone."""
    return frozenset((surface, value) for surface, value in orjson.loads(text))


@lru_cache(_CACHED)
def load_names(text: str) -> frozenset[str]:
    """Return a list of names as a set."""
    return frozenset(orjson.loads(text))


def dump_stood(stood: Stood) -> str:
    """Return what a review label stands for as JSON."""
    causes = sorted((key.reason, key.subject, key.fingerprint) for key in stood.causes)
    told: dict[str, object] = {"causes": causes, "revisions": dict(stood.revisions)}
    return dump(told)


@lru_cache(_CACHED)
def load_stood(text: str) -> Stood:
    """Return what ``dump_stood`` was given; of ``{}``, what stands for nothing."""
    found = orjson.loads(text)
    causes = frozenset(CauseKey(Reason(reason), *rest) for reason, *rest in found.get("causes", ()))
    return Stood(causes, {int(goal): revision for goal, revision in found.get("revisions", {}).items()})


def dump_bases(bases: Mapping[str, Base]) -> str:
    """Return bases as JSON: per surface its value, place, type, stamp, what was unknown and what was sent."""
    return dump({key: _base(base) for key, base in bases.items()})


def _base(base: Base) -> tuple[object, ...]:
    always = (base.value, base.place, base.type, to_micros(base.updated))
    if base.sent:
        return (*always, base.unknown, base.sent)
    return (*always, base.unknown) if base.unknown else always


def load_bases(text: str) -> dict[str, Base]:
    """Return what ``dump_bases`` was given."""
    if text == "{}":
        return {}
    return {
        key: Base(tuple(value), place, kind, to_instant(updated), *_seldom(*rest))
        for key, (value, place, kind, updated, *rest) in orjson.loads(text).items()
    }


def _seldom(unknown: Iterable[str] = (), sent: Iterable[Iterable[str]] = ()) -> tuple[Raw, tuple[Raw, ...]]:
    return tuple(unknown), tuple(map(tuple, sent))


def dump_conflict(conflict: Conflict | None) -> str | None:
    """Return what both sides showed as JSON."""
    return None if conflict is None else dump((conflict.explicit, dict(conflict.observed)))


def load_conflict(text: str | None) -> Conflict | None:
    """Return what ``dump_conflict`` was given."""
    if text is None:
        return None
    explicit, observed = orjson.loads(text)
    return Conflict(explicit, {key: tuple(values) for key, values in observed.items()})


def dump_basis(basis: ParentBasis | None) -> str | None:
    """Return the accepted parent and goals as JSON."""
    return None if basis is None else dump((basis.parent, basis.goals, basis.inherited))


@lru_cache(_CACHED)
def load_basis(text: str | None) -> ParentBasis | None:
    """Return what ``dump_basis`` was given."""
    if text is None:
        return None
    parent, goals, inherited = orjson.loads(text)
    return ParentBasis(parent, tuple(goals), tuple(inherited))


def dump_set(values: Iterable[object]) -> str:
    """Return a set as JSON, sorted."""
    return dump(sorted(values))  # type: ignore[type-var]
