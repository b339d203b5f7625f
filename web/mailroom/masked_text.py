"""Removal of secrets from the copy of a mail that is stored, because people other than the recipient can read it."""

import re

from django.utils.translation import gettext

URL = re.compile(r"https?://[^\s\"'<>()/?#]+([^\s\"'<>()]*)")
LONG_PIECE = re.compile(r"[^/?&=#;]{16,}")
HTML_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
PLAIN_WORD = re.compile(r"[a-z_-]+(\.[a-z]+)?\Z")


def removal_note() -> str:
    return gettext("[link removed]")


def is_secret_url(url: str) -> bool:
    """Whether a URL may contain a key: a part of it that is long and not a plain word."""
    match = URL.match(url)
    return match is not None and any(not PLAIN_WORD.match(piece) for piece in LONG_PIECE.findall(match[1]))


def without_secret_links(text: str) -> str:
    return URL.sub(lambda match: removal_note() if is_secret_url(match[0]) else match[0], text)


def without_secret_html_links(html: str) -> str:
    def replace_link(match: "re.Match[str]") -> str:
        if not is_secret_url(match[1]):
            return match[0]
        label = without_secret_links(match[2])
        return label if removal_note() in label else f"{label} {removal_note()}"

    return without_secret_links(HTML_LINK.sub(replace_link, html))
