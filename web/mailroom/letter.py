"""One Markdown text becomes both parts of a mail: HTML in the school's look, and plain text that reads well."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

import markdown
import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown.treeprocessors import Treeprocessor

from common.markup import ATTRIBUTES, EXTENSIONS, SCHEMES, SETTINGS, TAGS
from mailroom.look import styles

STYLED = {**{tag: {"style"} for tag in TAGS}, **{tag: names | {"style"} for tag, names in ATTRIBUTES.items()}}


class Roles(Treeprocessor):
    """Writes into each element what it is, where its looks will stand; a link that is a paragraph is a button."""

    def run(self, root: Element) -> None:
        for element in root.iter():
            if element is not root:
                element.set("style", element.tag)
        for paragraph in root.iter("p"):
            if stands_alone(paragraph):
                paragraph[0].set("style", "button")


def stands_alone(paragraph: Element) -> bool:
    if len(paragraph) != 1 or paragraph[0].tag != "a":
        return False
    return not ((paragraph.text or "") + (paragraph[0].tail or "")).strip()


@lru_cache(maxsize=1)
def _converter() -> markdown.Markdown:
    converter = markdown.Markdown(extensions=EXTENSIONS, extension_configs=SETTINGS)
    converter.treeprocessors.register(Roles(converter), "roles", 0)
    return converter


def to_html(text: str) -> SafeString:
    """Safe whoever wrote it; no style but ours survives."""
    looks: Mapping[str, str] = styles()

    def looked_up(tag: str, attribute: str, value: str) -> str | None:
        return looks.get(value) if attribute == "style" else value

    html = _converter().reset().convert(text)
    clean: Any = nh3.clean(
        html, tags=TAGS, attributes=STYLED, attribute_filter=looked_up, url_schemes=SCHEMES, link_rel=None
    )
    return mark_safe(clean)
