"""The text that a reader sees on a page."""

import re

from django.http import HttpResponse


def text_of(response: HttpResponse) -> str:
    """What a reader sees, with single spaces."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode().partition("<main")[2])
    return " ".join(text.split())
