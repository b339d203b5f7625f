"""Rendering of Markdown into the two parts of a mail: styled HTML and plain text."""

from functools import lru_cache
from xml.etree.ElementTree import Element

import markdown
import nh3
from markdown.treeprocessors import Treeprocessor

from common.markup import ATTRIBUTES, SCHEMES, TAGS
from mailroom import plain_text
from mailroom.mail_styles import tag_styles

STYLED_ATTRIBUTES = {
    **{tag: {"style"} for tag in TAGS},
    **{tag: names | {"style"} for tag, names in ATTRIBUTES.items()},
}


class StyleMarker(Treeprocessor):
    """This sets the `style` of each element to the name of a style. A link alone in its paragraph becomes a button."""

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


@lru_cache(maxsize=512)
def html_and_text(source: str, hue: int) -> tuple[str, str]:
    # This is cached because most mails of a kind differ only in their placeholders, which are filled in later.
    html = render_mail_html(source, hue)
    return html, plain_text.html_to_text(html)


def render_mail_html(source: str, hue: int) -> str:
    """The result is safe even if the source is not. It contains no styles except our own."""
    css_by_name = tag_styles(hue)

    def replace_style(tag: str, attribute: str, value: str) -> str | None:
        return css_by_name.get(value) if attribute == "style" else value

    converter = markdown.Markdown(extensions=["tables", "sane_lists"])
    converter.treeprocessors.register(StyleMarker(converter), "roles", 0)
    html = converter.convert(source)
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=STYLED_ATTRIBUTES,
        attribute_filter=replace_style,
        url_schemes=SCHEMES,
        link_rel=None,
    )
