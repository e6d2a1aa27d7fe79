"""What people would see of a look-alike in a browser: plain pages that read themselves anew, and change nothing."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vindaris_sync.sandbox.core import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vindaris_sync.sandbox.core import Request

REFRESH = 2
"""Seconds after which a browser reads a page anew: what the daemon writes appears by itself."""

MOST = 200
"""Lines of a list."""

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:0 auto;padding:1rem}"
    "h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem .3rem 0;"
    "border-bottom:1px solid #8886;vertical-align:top;overflow-wrap:anywhere}th{font-weight:600}"
    ".label{display:inline-block;border:1px solid;border-radius:1rem;padding:0 .6rem;margin:0 .3rem .2rem 0}"
    ".card{border:1px solid #8886;border-radius:.5rem;padding:.6rem 1rem;margin:.8rem 0;white-space:pre-wrap;"
    "overflow-wrap:anywhere}small{opacity:.75}"
)


@runtime_checkable
class Shown(Protocol):
    """A service that people can look at."""

    def page(self, path: str) -> str | None:
        """Return the page at ``path``, relative to the service's prefix, as HTML; None where there is none."""
        ...


def by_browser(request: Request) -> bool:
    """Return whether a person looks: programs ask for JSON, or carry a token."""
    wants = request.headers.get("accept", "")
    return request.method == "GET" and "text/html" in wants and "authorization" not in request.headers


def served(page: str) -> Response:
    """Return a page as an answer."""
    return Response(HTTPStatus.OK, page.encode("utf-8", "replace"), dict(_HEADERS))


def document(title: str, *parts: str, up: str = "") -> str:
    """Return a whole page of ``parts``, which are HTML already; ``title`` is text, ``up`` the page above it."""
    above = f'<p><a href="{escape(up)}">↑ back</a></p>' if up else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{REFRESH}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{above}<main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )


def link(address: str, text: str) -> str:
    """Return a link."""
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def labels(names: Iterable[str]) -> str:
    """Return labels as people see them."""
    return "".join(f'<span class="label">{escape(name)}</span>' for name in names) or "<small>none</small>"


def listing(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; ``head`` is text, cells are HTML already."""
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table>"


def facts(values: Mapping[str, str]) -> str:
    """Return named values; names are text, values HTML already."""
    lines = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{value}</td></tr>' for name, value in values.items())
    return f"<table><tbody>{lines}</tbody></table>"


def text(value: object) -> str:
    """Return any value as text, a dash for none."""
    return escape(str(value)) if value not in (None, "", ()) else "–"  # noqa: RUF001 - a typographic dash
