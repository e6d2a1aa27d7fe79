"""A trace as a graph for other programs: Graphviz's DOT and Mermaid. Titles are strangers' text and stay text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vindaris_sync.cli.output import clean
from vindaris_sync.cli.tracing_tree import Node

_LONGEST = 120
_DOT = {
    "goal": 'shape=box, style="filled,bold", fillcolor="#dbe8f6"',
    "outcome": 'shape=ellipse, style=filled, fillcolor="#eedcef"',
    "issue": "shape=box, style=rounded",
    "more": "shape=plaintext",
}
_DOT_DONE = ', color="#8a8a8a", fontcolor="#6a6a6a"'
_MERMAID = {"goal": ("[", "]"), "outcome": ("([", "])"), "issue": ("(", ")"), "more": ("[/", "/]")}
_CLASSES = (
    "classDef goal fill:#dbe8f6,stroke:#17579c",
    "classDef outcome fill:#eedcef,stroke:#8b3f8f",
    "classDef done color:#6a6a6a,stroke-dasharray:3 3",
)


def dot(tree: Sequence[Node]) -> str:
    """Return the tree in the DOT language (graphviz.org/doc/info/lang.html), from left to right."""
    names = _names(tree)
    lines = ["digraph trace {", "  rankdir=LR;", '  node [fontname="sans-serif", fontsize=11];']
    lines += [f'  {names[each.id]} [label="{_dot(each.text)}", {_style(each)}];' for each in tree]
    lines += [f"  {names[each.above]} -> {names[each.id]};" for each in tree if each.above]
    return "\n".join([*lines, "}", ""])


def mermaid(tree: Sequence[Node]) -> str:
    """Return the tree as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html), from left to right."""
    names = _names(tree)
    return "\n".join(["flowchart LR", *(f"  {line}" for line in _mermaid_lines(tree, names)), ""])


def _mermaid_lines(tree: Sequence[Node], names: dict[str, str]) -> Iterator[str]:
    for each in tree:
        before, after = _MERMAID[each.kind]
        yield f'{names[each.id]}{before}"{_entities(each.text)}"{after}'
    yield from (f"{names[each.above]} --> {names[each.id]}" for each in tree if each.above)
    yield from _CLASSES
    for name in ("goal", "outcome"):
        if members := [names[each.id] for each in tree if each.kind == name]:
            yield f"class {','.join(members)} {name}"
    if done := [names[each.id] for each in tree if each.done]:
        yield f"class {','.join(done)} done"


def _names(tree: Sequence[Node]) -> dict[str, str]:
    """Return a plain name for each node, which nothing in it can steer."""
    return {each.id: f"n{number}" for number, each in enumerate(tree)}


def _dot(text: str) -> str:
    """Return a text for a quoted string: there a backslash and a quotation mark alone mean something."""
    return clean(text, _LONGEST).replace("\\", "\\\\").replace('"', '\\"')


def _style(each: Node) -> str:
    return _DOT[each.kind] + (_DOT_DONE if each.done else "")


def _entities(text: str) -> str:
    """Return a text for a quoted label: all that may be markup there is written as Mermaid's ``#CODE;``."""
    return "".join(char if char.isalnum() or char in " ,.·…→-_" else f"#{ord(char)};" for char in clean(text, _LONGEST))
