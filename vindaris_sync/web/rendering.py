"""Pages from templates: whatever strangers wrote stands in them as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from vindaris_sync.domain.goals import outcome_progress
from vindaris_sync.domain.text import age, counted, one_line, percent, points, signed
from vindaris_sync.domain.wording import shortened
from vindaris_sync.report import charts, words
from vindaris_sync.report.page import web_link
from vindaris_sync.web.access import Role, visitor_of
from vindaris_sync.web.drawing import chart
from vindaris_sync.web.gate import FORM_FIELD, gate_of
from vindaris_sync.web.static_files import address_of

_NAVIGATION = (
    ("Inbox", "/inbox"),
    ("Goals", "/goals"),
    ("Trace", "/trace"),
    ("Reports", "/reports"),
    ("Operations", "/operations"),
)


def render(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> HTMLResponse:
    """Return ``template`` with ``values`` as a page; an undefined name in it is a defect and raises.

    Beside ``values`` it finds ``visitor`` (None where nobody is logged in), ``may(role)``, ``csrf_field()``,
    ``csrf_token()``, ``here``,
    ``navigation`` and ``now``.
    """
    gate = gate_of(request)
    visitor = visitor_of(request)
    common: dict[str, object] = {
        "visitor": visitor,
        "may": lambda role: visitor is not None and visitor.role >= Role.named(role),
        "csrf_field": lambda: _field(gate.form_token(request)),
        "csrf_token": lambda: gate.form_token(request),
        "here": request.url.path,
        "navigation": _NAVIGATION,
        "now": gate.now(),
        "has_login": gate.settings.has_login,
    }
    text = environment().get_template(template).render(common | values)
    response = HTMLResponse(text, status, headers)
    gate.remember_browser(request, response)
    return response


def _field(token: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, token)


@cache
def environment() -> Environment:
    """Return the templates, with everything escaped and no undefined name passed over."""
    made = Environment(
        loader=PackageLoader("vindaris_sync.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(static=address_of, charts=charts, chart=chart, words=words, outcome_progress=outcome_progress)
    made.filters.update(
        line=one_line, counted=counted, percent=percent, points=points, signed=signed, n=_number, web=web_link,
        time=_time, date=_date, age=age, since=lambda then, now: age(now - then), short=shortened,
        segment=segment, plain=_plain, ago=_ago, span=_span,
    )  # fmt: skip
    return made


def segment(name: str) -> str:
    """Return a name as one segment of an address."""
    return quote(name, safe="")


def _plain(value: object) -> str:
    """Return what the history keeps of a state, as names; other structures are told elsewhere."""
    named = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return one_line(", ".join(value), 300) if isinstance(value, list) and named else ""


def _span(span: timedelta) -> str:
    """Return a time span in its largest unit: ``40 seconds``, ``3 hours``; ``under a second``."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            return counted(seconds // size, unit)
    return "under a second"


def _ago(span: timedelta) -> str:
    return f"{_span(span)} ago"


def _number(number: int) -> str:
    return f"{number:,}"


def _time(instant: datetime | None) -> Markup:
    """Return an instant in UTC to the minute; the browser shows it in its reader's zone. A dash for none."""
    return _stamp(instant, "time", "%Y-%m-%d %H:%M UTC")


def _date(instant: datetime | None) -> Markup:
    """Return an instant's date in UTC, and likewise in the reader's zone."""
    return _stamp(instant, "date", "%Y-%m-%d")


def _stamp(instant: datetime | None, form: str, shown: str) -> Markup:
    if instant is None:
        return Markup("–")  # noqa: RUF001 - a typographic dash
    told = instant.astimezone(UTC)
    stamp = f"{told:%Y-%m-%dT%H:%M:%SZ}"
    return Markup('<time datetime="{}" data-show="{}">{}</time>').format(stamp, form, escape(told.strftime(shown)))
