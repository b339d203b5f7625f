"""Links that add a calendar feed to common calendar apps."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class CalendarLinks:
    address: str
    """The absolute address of the .ics file."""
    title: str

    @property
    def webcal(self) -> str:
        return urlsplit(self.address)._replace(scheme="webcal").geturl()

    @property
    def google(self) -> str:
        return f"https://calendar.google.com/calendar/r?cid={quote(self.webcal, safe='')}"

    @property
    def outlook(self) -> str:
        name = quote(self.title, safe="")
        return f"https://outlook.live.com/calendar/0/addfromweb?url={quote(self.address, safe='')}&name={name}"
