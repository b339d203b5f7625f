"""Who must not, or does not want to, get a mail."""

from collections.abc import Iterable

from django.conf import settings

from mailroom.declare import OPTIONAL, Kind
from mailroom.models import Preference, Suppression


def default(kind: str) -> bool:
    """Who never said anything gets mail about their classes, and news only where the school sends it unasked."""
    return kind != Kind.PROMOTIONAL or settings.NEWS_UNASKED


class Barriers:
    """What stands against mail to some addresses, asked for all of them at once."""

    def __init__(self, addresses: Iterable[str]) -> None:
        wanted = list(addresses)
        barred = Suppression.objects.filter(email__in=wanted, lifted_at=None)
        self.suppressed = {one.email: one.get_cause_display() for one in barred}
        said = Preference.objects.filter(email__in=wanted).values_list("email", "kind", "wanted")
        self.preferences = {(email, kind): yes for email, kind, yes in said}

    def against(self, address: str, kind: str) -> str:
        """The reason in a sentence; empty when nothing stands in the way."""
        if address in self.suppressed:
            return f"Nothing is sent to this address. {self.suppressed[address]}."
        if kind in OPTIONAL and not self.preferences.get((address, kind), default(kind)):
            return f"Its reader does not want this kind of mail: {Kind(kind).label.lower()}."
        return ""


def barrier(address: str, kind: str) -> str:
    return Barriers([address]).against(address, kind)
