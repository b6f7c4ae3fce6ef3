"""Markdown as a tree of the few elements that a page of ours is made of, never as HTML.

A piece is a text, or ``[tag, what is said of it, pieces inside]``: ``["a", {"page": "errata"}, ["the errata"]]``. Tags
are those of ``TAGS`` and no others; HTML that stands in a page is left out. Formulas stand in the pages as text, line
by line, and need nothing but a font of equal letters.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

Said = Mapping[str, Any] | None
"""What is said of an element; None where there is to be none, and only what is inside it."""

_PLAIN = {
    "paragraph": "p", "blockquote": "blockquote", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li",
    "table": "table", "thead": "thead", "tbody": "tbody", "tr": "tr", "th": "th", "td": "td", "em": "em",
    "strong": "strong", "hr": "hr", "hardbreak": "br",
}  # fmt: skip
TAGS = frozenset({*_PLAIN.values(), "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "a", "img"})
"""All that there can be."""
_NOT_IN_A_SLUG = re.compile(r"[^\w\- ]")


class Meant(NamedTuple):
    """What a page's places mean, as its folder knows."""

    link: Callable[[str], Said]
    """Of what a link leads to."""
    picture: Callable[[str], Said]
    """Of where a picture is."""
    command: Callable[[str], Said]
    """Of a line of code: what it is that can be tried."""


def read(text: str, meant: Meant) -> list[Any]:
    """The pieces of a page."""
    from markdown_it import MarkdownIt  # which rich, and so every installation, has; only needed by who reads
    from markdown_it.tree import SyntaxTreeNode

    parser = MarkdownIt("commonmark").enable("table")  # the only one of its extensions that the pages use
    return _inside(SyntaxTreeNode(parser.parse(text)), meant)


def plain_text(pieces: list[Any]) -> str:
    """The words of some pieces."""
    return "".join(piece if isinstance(piece, str) else plain_text(piece[2]) for piece in pieces)


def slug(heading: str) -> str:
    """The name of a heading in links to it, as code forges make it."""
    return _NOT_IN_A_SLUG.sub("", heading.strip().lower()).replace(" ", "-")


def _inside(node: "SyntaxTreeNode", meant: Meant) -> list[Any]:
    return [piece for child in node.children for piece in _pieces(child, meant)]


def _pieces(node: "SyntaxTreeNode", meant: Meant) -> list[Any]:
    """What a node comes to: nothing, a piece, or what is inside it."""
    match node.type:
        case "text":
            return [node.content]
        case "softbreak":
            return ["\n"]
        case "inline":
            return _inside(node, meant)
        case "code_inline":
            return [_tried(["code", {}, [node.content]], meant.command(node.content))]
        case "fence" | "code_block":
            return [["pre", {"tried": _all_tried(node.content, meant)}, [node.content]]]
        case "heading":
            inside = _inside(node, meant)
            return [[node.tag, {"at": slug(plain_text(inside))}, inside]]
        case "link":
            inside, said = _inside(node, meant), meant.link(str(node.attrs.get("href", "")))
            return inside if said is None else [["a", dict(said), inside]]
        case "image":
            said = meant.picture(str(node.attrs.get("src", "")))
            return [node.content] if said is None else [["img", {**said, "alt": node.content}, []]]
        case "paragraph" if node.hidden:  # of a list whose items stand close together
            return _inside(node, meant)
        case kind if kind in _PLAIN:
            return [[_PLAIN[kind], {}, _inside(node, meant)]]
    return []


def _tried(code: list[Any], said: Said) -> list[Any]:
    """A word of code, which is a link where it can be tried."""
    return code if said is None else ["a", dict(said), [code]]


def _all_tried(text: str, meant: Meant) -> list[Any]:
    """What can be tried of the lines of a block, each once."""
    found: list[Any] = []
    for line in text.splitlines():
        said = meant.command(line.partition(" #")[0].strip())
        if said is not None and dict(said) not in found:
            found.append(dict(said))
    return found
