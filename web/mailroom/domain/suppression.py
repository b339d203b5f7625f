"""The reasons for which an address gets no mail: it is blocked, or its owner opted out."""

from collections.abc import Iterable

from django.conf import settings

from mailroom.declare import OPTIONAL_KINDS, MailKind
from mailroom.models import Preference, Suppression


def wants_by_default(kind: str) -> bool:
    """Return the default for people without a preference: the school can choose to send them no news."""
    return kind != MailKind.PROMOTIONAL or settings.NEWS_WITHOUT_CONSENT


class DeliveryBarriers:
    """The suppressions and preferences of some addresses, loaded in two queries."""

    def __init__(self, addresses: Iterable[str]) -> None:
        emails = list(addresses)
        suppressions = Suppression.objects.filter(email__in=emails, lifted_at=None)
        self.suppressed = {suppression.email: suppression.get_cause_display() for suppression in suppressions}
        preferences = Preference.objects.filter(email__in=emails).values_list("email", "kind", "wanted")
        self.preferences = {(email, kind): opted_in for email, kind, opted_in in preferences}

    def against(self, address: str, kind: str) -> str:
        """Return the reason as a sentence, or an empty string if mail can be sent."""
        if address in self.suppressed:
            return f"Nothing is sent to this address. {self.suppressed[address]}."
        if kind in OPTIONAL_KINDS and not self.preferences.get((address, kind), wants_by_default(kind)):
            return f"The recipient does not want this kind of mail: {MailKind(kind).label.lower()}."
        return ""
