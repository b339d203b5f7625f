"""Messages to the school from the contact page."""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from history.domain import record_action
from mailroom.domain import draft_message
from pages.models import ContactMessage
from users.models import User


def unanswered_messages() -> QuerySet[ContactMessage]:
    return ContactMessage.objects.filter(answered_at=None)


def receive_contact_message(message: ContactMessage, sender: User | None) -> ContactMessage:
    with transaction.atomic():
        message.sender = sender
        message.save()
        if settings.OFFICE_EMAIL:
            data = {"letter_id": message.pk}
            draft_message(
                "pages.contact",
                to=settings.OFFICE_EMAIL,
                key=str(message.pk),
                data=data,
                about=("contactmessage", message.pk),
            )
    return message


def mark_answered(message: ContactMessage, by: User) -> ContactMessage:
    with transaction.atomic():
        message = ContactMessage.objects.select_for_update().get(pk=message.pk)
        if message.answered_at is None:
            message.answered_at, message.answered_by = timezone.now(), by
            message.save(update_fields=["answered_at", "answered_by"])
            record_action(by, "pages.contact_answered", message)
    return message
