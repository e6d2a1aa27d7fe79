from __future__ import annotations

import pytest

from vindaris_sync.domain.terms import LONGEST_TEXT, terms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Cache evicts", ["the", "cache", "evicts"]),
        ("createTableView", ["create", "table", "view", "createtableview"]),
        ("HTTPServer", ["http", "server", "httpserver"]),
        ("iOS9", ["ios", "ios9"]),
        ("src/cache_policy.py", ["src", "cache", "policy", "py"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("Кэш вытеснение", ["кэш", "вытеснение"]),
        ("\uff23\uff41\uff43\uff48\uff45", ["cache"]),
        ("缓存策略 v2", ["缓存", "存策", "策略", "v2"]),
        ("a b <b>bold</b> {code:java} https://example.org/cache", ["bold"]),
        ("", []),
        ("\x00\u202e \ud800", []),
    ],
)
def test_words_and_parts(text: str, words: list[str]) -> None:
    """Words come casefolded, names in camel case and paths in their parts too, markup and addresses not at all."""
    assert list(terms(text)) == words


def test_a_long_text_costs_no_more_than_its_beginning() -> None:
    """Of a text only the beginning is looked at, and a blob is no word."""
    assert len(list(terms("cache " * 100_000))) == LONGEST_TEXT // len("cache ") + 1
    assert list(terms("x" * 50 + " cache")) == ["cache"]
