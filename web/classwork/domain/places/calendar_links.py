"""One tap from a calendar's address to the calendar programs that people use. Pure."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class CalendarLinks:
    address: str
    """Absolute, of the .ics itself."""
    title: str

    @property
    def webcal(self) -> str:
        """Apple's and most programs subscribe to this on a tap."""
        return urlsplit(self.address)._replace(scheme="webcal").geturl()

    @property
    def google(self) -> str:
        return f"https://calendar.google.com/calendar/r?cid={quote(self.webcal, safe='')}"

    @property
    def outlook(self) -> str:
        name = quote(self.title, safe="")
        return f"https://outlook.live.com/calendar/0/addfromweb?url={quote(self.address, safe='')}&name={name}"
