"""Markdown as people at the school write it, made into HTML that is safe whoever wrote it."""

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
# The page has the only h1; a text that starts with `# Title` begins at h2.
SETTINGS = {"toc": {"baselevel": 2}}


def to_html(text: str) -> SafeString:
    html = markdown.markdown(text, extensions=EXTENSIONS, extension_configs=SETTINGS)
    return mark_safe(nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES))
