"""What differs from mail to mail, kept apart from the text while that is turned from Markdown into HTML.

A text holds a token for each value; the values come in when all is done. So a name with a star or a bracket in it can
neither become a link nor italics, and the costly part is done once for all mails that differ in their values alone.
"""

import re
from html import escape

TOKEN = re.compile("\ue000(\\d+)\ue001")
WHERE_LINKS_LEAD = re.compile('(href|src)="([^"]*\ue000[^"]*)"')
LINE = re.compile("^((?:> |\\d+\\. |- |  )*)(.*\ue000.*)$", re.MULTILINE)
HARMLESS = re.compile(r"(https?:|mailto:|tel:|[/#?])", re.IGNORECASE)


class Values:
    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def token(self, value: str) -> str:
        return f"\ue000{self.known.setdefault(value, len(self.known))}\ue001"

    def into_text(self, text: str) -> str:
        """Further lines of a value stand in the quotation or the list that the first one stands in."""
        values = list(self.known)

        def line(found: "re.Match[str]") -> str:
            before = re.sub(r"[^> ]", " ", found[1])
            return found[1] + TOKEN.sub(lambda token: values[int(token[1])].replace("\n", f"\n{before}"), found[2])

        return LINE.sub(line, text)

    def into_html(self, html: str) -> str:
        values = [escape(value) for value in self.known]
        lines = [value.replace("\n", "<br>\n") for value in values]

        def link(found: "re.Match[str]") -> str:
            address = TOKEN.sub(lambda token: values[int(token[1])], found[2])
            return f'{found[1]}="{address}"' if HARMLESS.match(address) else f'{found[1]}="#"'

        return TOKEN.sub(lambda token: lines[int(token[1])], WHERE_LINKS_LEAD.sub(link, html))
