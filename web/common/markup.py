"""Markdown, rendered as HTML that is safe to show no matter who wrote it."""

import markdown
import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("strong", "em", "del", "a", "img", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title", "width", "height"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}
EXTENSIONS = ["tables", "sane_lists", "toc"]
# The page has the only h1, so a heading written as `# Title` becomes an h2.
SETTINGS = {"toc": {"baselevel": 2}}


def render_markdown(text: str) -> SafeString:
    html = markdown.markdown(text, extensions=EXTENSIONS, extension_configs=SETTINGS)
    return mark_safe(nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES))
