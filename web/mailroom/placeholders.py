"""Placeholders for the values in a mail while its text is converted from Markdown to HTML.

The text contains a token for each value, and the values replace the tokens after the conversion. Therefore Markdown
characters in a value have no effect, and texts that differ only in their values are converted once and cached.
"""

import re
from html import escape

TOKEN = re.compile("\ue000(\\d+)\ue001")
LINK_TARGET = re.compile('(href|src)="([^"]*\ue000[^"]*)"')
LINE_WITH_TOKEN = re.compile("^((?:> |\\d+\\. |- |  )*)(.*\ue000.*)$", re.MULTILINE)
SAFE_URL = re.compile(r"(https?:|mailto:|tel:|[/#?])", re.IGNORECASE)


class Placeholders:
    def __init__(self) -> None:
        self.index_by_value: dict[str, int] = {}

    def token(self, value: str) -> str:
        return f"\ue000{self.index_by_value.setdefault(value, len(self.index_by_value))}\ue001"

    def into_text(self, text: str) -> str:
        # If a value has several lines, all of them belong to the quotation or the list item of the first line.
        values = list(self.index_by_value)

        def fill_line(match: "re.Match[str]") -> str:
            prefix = re.sub(r"[^> ]", " ", match[1])
            return match[1] + TOKEN.sub(lambda token: values[int(token[1])].replace("\n", f"\n{prefix}"), match[2])

        return LINE_WITH_TOKEN.sub(fill_line, text)

    def into_html(self, html: str) -> str:
        values = [escape(value) for value in self.index_by_value]
        lines = [value.replace("\n", "<br>\n") for value in values]

        def fill_link(match: "re.Match[str]") -> str:
            address = TOKEN.sub(lambda token: values[int(token[1])], match[2])
            return f'{match[1]}="{address}"' if SAFE_URL.match(address) else f'{match[1]}="#"'

        return TOKEN.sub(lambda token: lines[int(token[1])], LINK_TARGET.sub(fill_link, html))
