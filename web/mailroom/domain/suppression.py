"""The reasons for which an address gets no mail: it is invalid or blocked, or its owner opted out."""

from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from mailroom.declare import OPTIONAL_KINDS, MailKind
from mailroom.models import LONGEST_ADDRESS, Message, Preference, Suppression

NO_ADDRESS = "This is not an address that mail can be sent to."


def wants_by_default(kind: str) -> bool:
    """Return the default for people without a preference: the school can choose to send them no news."""
    return kind != MailKind.PROMOTIONAL or settings.NEWS_WITHOUT_CONSENT


class DeliveryBarriers:
    """What keeps some messages from being sent, loaded in one query, or in two if some are of an optional kind."""

    def __init__(self, messages: Collection[Message]) -> None:
        suppressions = Suppression.objects.filter(email__in={message.to for message in messages}, lifted_at=None)
        self.suppressed = {suppression.email: suppression.get_cause_display() for suppression in suppressions}
        optional = {message.to for message in messages if message.kind in OPTIONAL_KINDS}
        preferences = Preference.objects.filter(email__in=optional).values_list("email", "kind", "wanted")
        self.preferences = {(email, kind): opted_in for email, kind, opted_in in preferences} if optional else {}

    def against(self, message: Message) -> str:
        """Return the reason as a sentence, or an empty string if the message can be sent."""
        if not is_mail_address(message.to):
            return NO_ADDRESS
        if message.to in self.suppressed:
            return f"Nothing is sent to this address. {self.suppressed[message.to]}."
        preference = (message.to, message.kind)
        if message.kind in OPTIONAL_KINDS and not self.preferences.get(preference, wants_by_default(message.kind)):
            return f"The recipient does not want this kind of mail: {MailKind(message.kind).label.lower()}."
        return ""


def is_mail_address(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return len(address) < LONGEST_ADDRESS  # An address of this length was cut.
