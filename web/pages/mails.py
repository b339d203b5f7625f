from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mailroom.declare import AboutPage, Mail, MailNotNeeded
from mailroom.models import Message
from pages.models import ContactMessage


def contact_context(message: Message) -> dict[str, Any]:
    contact_message = ContactMessage.objects.filter(pk=message.data["letter_id"]).first()
    if contact_message is None:
        raise MailNotNeeded("The message to the school has been erased.")
    return _contact_values(contact_message.name, contact_message.email, contact_message.text)


def contact_sample() -> dict[str, Any]:
    return _contact_values("Sam Stranger", "sam@example.org", "Do I need a partner?\nAnd which shoes?")


def _contact_values(name: str, email: str, text: str) -> dict[str, Any]:
    return {"name": name, "email": email, "text": text, "desk_url": f"{settings.SITE_URL}{reverse('desk_contact')}"}


MAILS = [Mail("pages.contact", _("A message to the school, for the office"), contact_context, contact_sample)]

ABOUT = {
    "contactmessage": AboutPage(_("Contact message {}"), "desk_contact", "pages.view_contactmessage", has_id=False)
}
