"""A content as a mail: one subject line, a text, and the same as HTML with its style inside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from vindaris_sync.domain.messages import Content
from vindaris_sync.domain.text import one_line
from vindaris_sync.notify.markup import HTML, PLAIN, address, html_link, rows
from vindaris_sync.notify.parts import SEE_ALL, headline, small, web_link

MAX_ITEMS = 25
"""Lines of a list: a mail is read at a desk."""
_PAGE = "font:15px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:44em"
_SMALL = "color:#57606a;font-size:13px"


def mail(content: Content, key: str, sender: str, to: tuple[str, ...], now: datetime) -> EmailMessage:
    """Return the mail on ``content``, without a body yet; mails of one episode are one thread for a mail program.

    RFC 5322 §3.6.4: the first one's id stands in the others. RFC 3834: machines need not answer.
    """
    message = EmailMessage(policy.SMTP.clone(cte_type="7bit"))  # no server needs to know 8BITMIME
    message["Subject"] = one_line(f"[{content.subject.team}] {headline(content)}", 200)
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(key, sender)
    if content.thread and content.thread != key:
        message["In-Reply-To"] = message["References"] = message_id(content.thread, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def message_id(key: str, sender: str) -> str:
    """Return the same id for the same key, whenever it is asked for."""
    domain = sender.rpartition("@")[2].rstrip(">")
    return f"<{key}@{domain}>"


def fill(message: EmailMessage, content: Content, *, repeated: bool) -> None:
    """Add both bodies; mail programs show one of them."""
    message.set_content(_sound("\n".join(_text(content, repeated=repeated)) + "\n"))
    message.add_alternative(_sound(_html(content, repeated=repeated)), subtype="html")


def _text(content: Content, *, repeated: bool) -> Iterator[str]:
    yield headline(content)
    yield ""
    yield from rows(content, PLAIN)
    if url := web_link(content.link):
        yield f"{SEE_ALL}: {address(url)}"
    for note in small(content, repeated=repeated):
        yield ""
        yield note


def _html(content: Content, *, repeated: bool) -> str:
    lines = "".join(f"<li>{line.removeprefix(HTML.bullet)}</li>" for line in rows(content, HTML))
    listed = f"<ul>{lines}</ul>" if lines else ""
    url = web_link(content.link)
    whole = f"<p>{html_link(SEE_ALL, url)}</p>" if url else ""
    notes = "".join(f'<p style="{_SMALL}">{escape(note)}</p>' for note in small(content, repeated=repeated))
    body = f"<h2>{escape(headline(content))}</h2>{listed}{whole}{notes}"
    return f'<!DOCTYPE html><html lang="en"><body style="{_PAGE}">{body}</body></html>\n'


def _sound(text: str) -> str:
    """Return ``text`` as UTF-8 can hold it."""
    return text.encode("utf-8", "replace").decode()
