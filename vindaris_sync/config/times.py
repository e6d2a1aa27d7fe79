"""How times of day, working hours and time zones are written in the configuration."""

from __future__ import annotations

import re
from datetime import time
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, PlainSerializer


def _as_clock_time(value: object) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time.fromisoformat(value)
    raise ValueError('write a time of day like "02:30"')


ClockTime = Annotated[time, BeforeValidator(_as_clock_time), PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str)]
"""A local time of day written ``HH:MM``, 24 hours."""


def _as_zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    if isinstance(value, str) and value in available_timezones():
        return ZoneInfo(value)
    near = get_close_matches(str(value), available_timezones(), n=1)
    raise ValueError(f"there is no time zone {value!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


Zone = Annotated[ZoneInfo, BeforeValidator(_as_zone), PlainSerializer(lambda zone: zone.key, return_type=str)]
"""A time zone by its IANA name, ``Europe/Berlin``."""

_HALVES = 2


def _as_span(value: object) -> tuple[time, time]:
    if isinstance(value, tuple) and len(value) == _HALVES:
        return value
    halves = value.split("-") if isinstance(value, str) else []
    if len(halves) != _HALVES:
        raise ValueError('write hours like "09:00-17:30"')
    return _as_clock_time(halves[0].strip()), _as_clock_time(halves[1].strip())


ClockSpan = Annotated[
    tuple[time, time],
    BeforeValidator(_as_span),
    PlainSerializer(lambda span: f"{span[0]:%H:%M}-{span[1]:%H:%M}", return_type=str),
]
"""Local times of day written ``HH:MM-HH:MM``, from the first to before the second, perhaps over midnight."""
