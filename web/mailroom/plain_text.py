"""Conversion of the HTML part of a mail into its text part."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

TABLE_TAGS = {"table", "thead", "tbody", "tr", "td", "th"}
BLOCK_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "hr"} | TABLE_TAGS
RULE = "-" * 24
EMPTY_TAGS = {"br", "hr", "img"}
WHITESPACE = re.compile(r"[ \t\r\n]+")


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    children: list["Node | str"] = field(default_factory=list)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open_nodes = [Node("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open_nodes[-1].children.append(node)
        if tag not in EMPTY_TAGS:
            self.open_nodes.append(node)

    def handle_endtag(self, tag: str) -> None:
        if len(self.open_nodes) > 1:
            self.open_nodes.pop()

    def handle_data(self, data: str) -> None:
        self.open_nodes[-1].children.append(data)


def html_to_text(html: str) -> str:
    """`html` must be well-formed, as the output of nh3 is."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return "\n\n".join(_block_texts(tree.open_nodes[0])) + "\n"


def _block_texts(node: Node) -> list[str]:
    blocks, inline = [], ""
    for child in [*node.children, None]:
        if child is not None and (isinstance(child, str) or child.tag not in BLOCK_TAGS):
            inline += _inline_to_text(child)
            continue
        if inline.strip():
            blocks.append("\n".join(line.strip() for line in inline.strip().split("\n")))
        inline = ""
        if child is not None:
            blocks.append(_block_to_text(child))
    return [block for block in blocks if block]


def _block_to_text(node: Node) -> str:
    convert = CONVERTERS.get(node.tag)
    if convert is not None:
        return convert(node)
    text = "\n".join(_block_texts(node))
    return f"{text}\n{RULE}" if node.tag.startswith("h") and text else text


def _list_to_text(node: Node) -> str:
    number = int(node.attributes.get("start") or 1)
    lines = []
    for item in _find_nearest(node, "li"):
        marker = f"{number}. " if node.tag == "ol" else "- "
        lines.append(_indent_lines("\n".join(_block_texts(item)), marker, " " * len(marker)))
        number += 1
    return "\n".join(lines)


def _find_nearest(node: Node, tag: str) -> list[Node]:
    # This does not search below a match, so that nested lists and tables stay separate.
    matches = []
    for child in node.children:
        if isinstance(child, Node):
            matches += [child] if child.tag == tag else _find_nearest(child, tag)
    return matches


def _table_to_text(node: Node) -> str:
    rows = []
    for row in _find_nearest(node, "tr"):
        cells = [" ".join(_block_texts(cell)) for cell in row.children if isinstance(cell, Node)]
        rows.append(" | ".join(cells))
    return "\n".join(rows)


def _inline_to_text(child: "Node | str") -> str:
    if isinstance(child, str):
        return WHITESPACE.sub(" ", child)
    if child.tag == "br":
        return "\n"
    if child.tag == "img":
        return child.attributes.get("alt", "")
    text = "".join(map(_inline_to_text, child.children))
    address = child.attributes.get("href", "").removeprefix("mailto:")
    if not address or address == text.strip():
        return text
    return f"{text} ({address})"


def _raw_text(node: Node) -> str:
    return "".join(child if isinstance(child, str) else _raw_text(child) for child in node.children)


def _indent_lines(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join([f"{first}{lines[0]}".rstrip(), *(f"{rest}{line}".rstrip() for line in lines[1:])])


CONVERTERS: dict[str, Callable[[Node], str]] = {
    "ul": _list_to_text,
    "ol": _list_to_text,
    "blockquote": lambda node: _indent_lines("\n\n".join(_block_texts(node)), "> ", "> "),
    "table": _table_to_text,
    "hr": lambda node: RULE,
    "pre": lambda node: _raw_text(node).strip("\n"),
}
