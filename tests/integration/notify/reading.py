"""What people read of what a chat was sent: its markup is read as its clients do, by rules of our own here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_HIDDEN = {"style", "head", "title"}


@dataclass
class Shown:
    """The words that are seen, and what in them is alive: links' addresses, and whatever else would do something."""

    words: str = ""
    links: list[str] = field(default_factory=list)
    alive: list[str] = field(default_factory=list)

    def and_(self, other: Shown) -> Shown:
        """Return both, one after the other."""
        return Shown(f"{self.words}\n{other.words}", self.links + other.links, self.alive + other.alive)


_DISCORD = re.compile(
    r"@everyone|@here|<@[!&]?\d+>|<#\d+>|<a?:\w+:\d+>|:\w+:|https?://\S+|\|\||`|~~(?=\S)|__|\*\*\*|^#{1,3} |^> |^- ",
    re.MULTILINE,
)
_MATTERMOST = re.compile(
    r"(?<![\w])@[a-z][\w.-]*|~[a-z][\w-]*|#\w{2,}|:[a-z_+-]+:|https?://\S+|www\.\S+|\S+@\S+\.\S+|`|<[^>\s]+>|"
    r"&\w+;|!\[|\|.*\|",
    re.IGNORECASE,
)
_LINK = re.compile(r"\[([^\]\n]*)\]\((https?://[^)\s]*)\)")
_MARKS = re.compile(r"(\*\*|\*|~~)(?=\S)(.+?)(?<=\S)\1")


def discord(text: str) -> Shown:
    """Read Discord's markdown: a backslash takes its meaning from any punctuation."""
    return _markdown(text, re.compile(r"\\([!-/:-@\[-`{-~])"), _DISCORD)


def mattermost(text: str) -> Shown:
    """Read Mattermost's markdown; mentions are looked for where they are without a backslash, too."""
    bare = re.sub(r"\\([\\`*{}\[\]()#$+\-.!_>~|])", r"\1", text)
    mentions = re.findall(r"(?<![\w])@(?:all|channel|here)\b", text) + re.findall(
        r"(?<![\w])@(?:all|channel|here)\b", bare
    )
    shown = _markdown(text, re.compile(r"\\([\\`*{}\[\]()#$+\-.!_>~|])"), _MATTERMOST)
    return Shown(shown.words, shown.links, shown.alive + mentions)


def _markdown(text: str, escaped: re.Pattern[str], alive: re.Pattern[str]) -> Shown:
    """Put escaped characters aside, take links and marks that stand by themselves, and see what is left alive."""
    aside = escaped.sub(lambda found: chr(0xE000 + ord(found[1])), text)
    links = [found[2] for found in _LINK.finditer(aside)]
    aside = _LINK.sub(r"\1", aside)
    for _ in range(2):
        aside = _MARKS.sub(r"\2", aside)
    left = [found[0] for found in alive.finditer(aside)]
    words = re.sub("[\ue000-\ue0ff]", lambda found: chr(ord(found[0]) - 0xE000), aside).replace("\u200b", "")
    return Shown(words, links, left)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown, self._hidden = Shown(), 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        known = dict(attrs)
        if tag == "a":
            self.shown.links.append(str(known.get("href")))
        elif tag not in {
            "b",
            "i",
            "s",
            "br",
            "p",
            "div",
            "ul",
            "li",
            "h1",
            "h2",
            "html",
            "body",
            "meta",
            "table",
            "tr",
            "td",
            *_HIDDEN,
        }:
            self.shown.alive.append(tag)
        self.shown.alive += [name for name in known if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN
        if tag in {"p", "div", "li", "h1", "h2", "tr", "td"}:
            self.shown.words += "\n"

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.shown.words += data


def html(text: str) -> Shown:
    """Read HTML: words, where links lead, and any element beyond the plainest."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.shown


def embed(body: dict[str, Any]) -> Shown:
    """Read a Discord message of ours: content and embeds, the footer as it is."""
    shown = discord(body.get("content") or "")
    if body.get("content") and body.get("allowed_mentions") != {"parse": []}:
        shown.alive.append("mentions")
    for each in body.get("embeds") or ():
        shown = shown.and_(discord(each.get("title", ""))).and_(discord(each.get("description", "")))
        for one in each.get("fields", ()):
            shown = shown.and_(discord(one["name"])).and_(discord(one["value"]))
        shown = shown.and_(Shown(each.get("footer", {}).get("text", "")))
        shown.links += [each["url"]] if "url" in each else []
    return Shown(shown.words.strip(), shown.links, shown.alive)


def post(body: dict[str, Any]) -> Shown:
    """Read a Mattermost post: its message and its attachments, which are nothing but a text and a fall-back."""
    shown = mattermost(body["message"])
    for each in body["props"].get("attachments", ()):
        assert set(each) == {"fallback", "color", "text"}
        shown = shown.and_(mattermost(each["text"]))
        shown.alive += mattermost(each["fallback"]).alive
    return Shown(shown.words.strip(), shown.links, shown.alive)


def card(body: dict[str, Any]) -> Shown:
    """Read a message of Teams: of a card's elements only rich texts, whose runs know no markdown, and buttons."""
    (attachment,) = body["attachments"]
    words, links, alive = [], [], []
    for element in attachment["content"]["body"]:
        alive += [] if element["type"] == "RichTextBlock" else [element["type"]]
        words.append("".join(run["text"] for run in element["inlines"]))
        links += [run["selectAction"]["url"] for run in element["inlines"] if "selectAction" in run]
    links += [action["url"] for action in attachment["content"].get("actions", ())]
    text = "\n".join(words)
    alive += re.findall(r"\{\{(?:DATE|TIME)\(", text + attachment["content"]["fallbackText"])
    return Shown(text.replace("\u200b", ""), links, alive)


def chat_card(body: dict[str, Any]) -> Shown:
    """Read a card of Google Chat: a plain header, HTML in the texts, buttons that lead somewhere; no text beside it."""
    shown = Shown(alive=["text"] if "text" in body else [])
    shown.alive += re.findall(r"<users/\w+>|\*\S+\*", body.get("fallbackText", ""))
    for each in body["cardsV2"]:
        shown = shown.and_(Shown(each["card"].get("header", {}).get("title", "")))
        for section in each["card"].get("sections", ()):
            for widget in section["widgets"]:
                if "textParagraph" in widget:
                    shown = shown.and_(html(widget["textParagraph"]["text"]))
                for button in widget.get("buttonList", {}).get("buttons", ()):
                    shown.links.append(button["onClick"]["openLink"]["url"])
    return Shown(shown.words.strip(), shown.links, shown.alive)
