from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from common.personal import MergeStep, PersonRecords, move_rows
from mailroom.domain import delete_messages_about
from pages.models import ContactMessage

MODELS = {"pages.ContactMessage": "Your messages to the school from the contact page"}


def contact_messages_of(person: PersonRecords) -> QuerySet[ContactMessage]:
    by_email = Q(email__in=person.emails)
    condition = by_email if person.account_id is None else by_email | Q(sender=person.account_id)
    return ContactMessage.objects.filter(condition)


def export(person: PersonRecords) -> dict[str, object]:
    rows: list[dict[str, Any]] = [
        {
            "sent_at": message.sent_at.isoformat(),
            "name": message.name,
            "email": message.email,
            "text": message.text,
        }
        for message in contact_messages_of(person)
    ]
    return {"messages": rows} if rows else {}


def erase(person: PersonRecords) -> None:
    messages = contact_messages_of(person)
    delete_messages_about("contactmessage", messages.values_list("pk", flat=True))
    messages.delete()


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    if not (source.account_id and target.account_id):
        return []
    messages = ContactMessage.objects.filter(sender=source.account_id)
    text = _("Messages to the school: %(number)s.") % {"number": (count := messages.count())}
    return [move_rows(messages, text, sender=target.account_id)] if count else []
