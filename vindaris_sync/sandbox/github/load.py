"""Raw issues, as the API prints them one a line, made ready for the world."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from vindaris_sync.sandbox.github.documents import API, WEB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vindaris_sync.sandbox.github.model import Document

_REPOSITORY = re.compile(rb'"repository_url":\s*"https?://[^/"]+(?:/api/v3)?/repos/([^/"]+/[^/"]+)"')
_NEEDED = {"id", "node_id", "number", "state", "labels", "comments", "created_at", "updated_at"}
_ROOT = re.compile(rb'(url":\s*)"https?://(?:(api\.[^/"]+|[^/"]+/api/v3)|github\.com)/')


def parsed(source: Path | str | Iterable[bytes], name: str) -> Iterator[Document]:
    """Yield each issue with its URLs made relative to wherever the sandbox is, below the repository ``name``.

    Quotes inside a text are escaped in JSON, so the patterns meet the values of ``url`` keys and nothing else.
    ``source`` is a ``.jsonl`` or ``.jsonl.gz`` file, or lines; raises ``ValueError`` naming the line that is no issue.
    """
    for place, line in enumerate(_lines(source), start=1):
        try:
            document: Document = orjson.loads(_relative(line, name))
            document.pop("_meta", None)
            if missing := _NEEDED - document.keys():
                raise KeyError(*sorted(missing))  # noqa: TRY301 - one place names the line
        except (ValueError, KeyError, TypeError) as error:
            msg = f"line {place} is no GitHub issue: {error}"
            raise ValueError(msg) from error
        yield document


def renumbered(document: Document, number: int) -> Document:
    """Return the document under another number, in its URLs too."""
    own = re.compile(
        rb'(\\u0000sandbox:[^"]*/(?:issues|pull|pulls)/)' + str(document["number"]).encode() + rb'(?=[/{"])'
    )
    fresh: Document = orjson.loads(own.sub(rb"\g<1>" + str(number).encode(), orjson.dumps(document)))
    return {**fresh, "number": number}


def _relative(line: bytes, name: str) -> bytes:
    found = _REPOSITORY.search(line)
    line = _ROOT.sub(_rooted, line)
    own = orjson.dumps(name)[1:-1]
    if not found or found[1] == own:
        return line
    for root in (f"{API}/repos/", f"{WEB}/"):
        prefix = orjson.dumps(root)[:-1]
        line = re.sub(re.escape(prefix + found[1]) + rb'(?=[/{"])', (prefix + own).replace(b"\\", b"\\\\"), line)
    return line


def _rooted(match: re.Match[bytes]) -> bytes:
    root = API if match[2] else WEB
    return match[1] + orjson.dumps(f"{root}/")[:-1]


def _lines(source: Path | str | Iterable[bytes]) -> Iterator[bytes]:
    if not isinstance(source, Path | str):
        yield from (line for line in source if line.strip())
        return
    path = Path(source)
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        yield from (line for line in file if line.strip())
