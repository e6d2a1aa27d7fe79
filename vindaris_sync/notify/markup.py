"""A content as lines of running text in a chat's own markup; what strangers wrote is escaped by each chat's rule."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from vindaris_sync.domain.changes import Changed
from vindaris_sync.domain.messages import Content, Line
from vindaris_sync.domain.wording import Kind, Piece
from vindaris_sync.notify.parts import rest, web_link

Pair = tuple[str, str]
"""What stands before and after words that are emphasised."""
_BREAK = "\u200b"
"""Has no width and is no letter: what it stands in is no mention, no address and no markup any more."""
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_ACTIVE = re.compile(r"([@<&:~#])")
_ESCAPABLE = re.compile(r"([\\`*{}\[\]()+\-.!_>|])")
_LINKING = re.compile(r"(?<![A-Za-z0-9])[@#]|[<>&*_~`\[\]|{}!]|(?<=\w)[.:@](?=\S)|:(?=\S)")


@dataclass(frozen=True, slots=True)
class Markup:
    """How a chat writes what we emphasise. ``escape`` makes of any one line words that are shown as they are.

    ``link`` gets words that are escaped already, and the address of a web page.
    """

    escape: Callable[[str], str]
    link: Callable[[str, str], str]
    bold: Pair = ("**", "**")
    italic: Pair = ("*", "*")
    strike: Pair = ("~~", "~~")
    bullet: str = "• "

    def strong(self, words: str) -> str:
        """Return words of a stranger, bold."""
        return self._set(self.bold, words)

    def fact(self, name: str, value: str) -> str:
        """Return one figure of a summary."""
        return f"{self.bullet}{self.escape(name)}: {self.strong(value)}"

    def item(self, line: Line) -> str:
        """Return one line of the list: a key that leads to the issue, its title, what is noted."""
        url = web_link(line.url)
        key = self.link(self.escape(line.key), url) if url else self.strong(line.key)
        note = f"  {self._set(self.italic, line.note)}" if line.note else ""
        return f"{self.bullet}{key}  {self.escape(line.title)}".rstrip() + note

    def change(self, changed: Changed) -> str:
        """Return what changed in the goal, what went struck out and what came bold."""
        name = self._set(self.italic, f"{changed.name}:")
        return f"{self.bullet}{name} {''.join(self._piece(piece) for piece in changed.pieces)}"

    def _piece(self, piece: Piece) -> str:
        pair = {Kind.OLD: self.strike, Kind.NEW: self.bold}.get(piece.kind)
        return self.escape(piece.text) if pair is None else self._set(pair, piece.text)

    def _set(self, pair: Pair, words: str) -> str:
        """Return words within their marks; marks beside white space are none in markdown, so it stays outside."""
        bare = words.strip()
        if not bare:
            return words
        before, after = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
        return f"{before}{pair[0]}{self.escape(bare)}{pair[1]}{after}"


def rows(content: Content, markup: Markup, *, facts: bool = True) -> Iterator[str]:
    """Yield figures (unless they are shown elsewhere), changes and lines of a content, and how many are not listed."""
    if facts:
        yield from (markup.fact(name, value) for name, value in content.facts)
    yield from (markup.change(each) for each in content.changes)
    yield from (markup.item(line) for line in content.lines)
    yield from (f"✓ {markup.item(line).removeprefix(markup.bullet)}" for line in content.decided)
    if words := rest(content):
        yield markup.escape(words)


def address(url: str) -> str:
    """Return ``url`` without any character that could end it, or begin markup, in a chat's text."""
    return quote(url, safe="%/:?#@!$&'+,;=-.")


def escape_all(text: str) -> str:
    r"""Return ``text`` with a backslash before all punctuation (Discord: any but letters, digits and white space)."""
    return _PUNCTUATION.sub(r"\\\1", text)


def escape_mattermost(text: str) -> str:
    r"""Return ``text`` for Mattermost, which knows a backslash before some punctuation only.

    What begins mentions, emoji, addresses, hashtags, entities and links of Slack's kind is followed by a character
    without width: the server looks for mentions in the source, where a backslash does not keep it from finding them.
    """
    return _ACTIVE.sub(rf"\1{_BREAK}", _ESCAPABLE.sub(r"\\\1", text))


def defuse(text: str) -> str:
    """Return ``text`` for a service whose markup is unknown: what may be markup, a mention or an address is broken."""
    return _LINKING.sub(lambda found: found[0] + _BREAK, text)


def in_html(text: str) -> str:
    """Return ``text`` as HTML shows it."""
    return html.escape(text)


def html_link(words: str, url: str) -> str:
    """Return words of HTML that lead to ``url``."""
    return f'<a href="{html.escape(address(url))}">{words}</a>'


def markdown_link(words: str, url: str) -> str:
    """Return escaped words that lead to ``url``, in markdown."""
    return f"[{words}]({address(url)})"


def plain_link(words: str, url: str) -> str:
    """Return words and address, where links are written out."""
    return f"{words} {address(url)}"


DISCORD = Markup(escape_all, markdown_link)
MATTERMOST = Markup(escape_mattermost, markdown_link, bullet="* ")
HTML = Markup(in_html, html_link, ("<b>", "</b>"), ("<i>", "</i>"), ("<s>", "</s>"))
PLAIN = Markup(str, plain_link, ("", ""), ("(", ")"), ("[-", "-]"))
UNKNOWN = Markup(defuse, lambda words, _: words, ("", ""), ("(", ")"), ("-", "-"))
