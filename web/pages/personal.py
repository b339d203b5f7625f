from typing import Any

from django.db.models import Q, QuerySet

from common.personal import Person
from pages.models import ContactMessage

MODELS = {"pages.ContactMessage": "What you wrote to the school through the contact page"}


def of(person: Person) -> QuerySet[ContactMessage]:
    mine = Q(email__in=person.emails)
    return ContactMessage.objects.filter(mine if person.account_id is None else mine | Q(sender=person.account_id))


def export(person: Person) -> dict[str, object]:
    rows: list[dict[str, Any]] = [
        {"sent_at": each.sent_at.isoformat(), "name": each.name, "email": each.email, "text": each.text}
        for each in of(person)
    ]
    return {"messages": rows} if rows else {}


def erase(person: Person) -> None:
    of(person).delete()


def merge(source: Person, target: Person) -> list[str]:
    if not (source.account_id and target.account_id):
        return []
    moved = ContactMessage.objects.filter(sender=source.account_id).update(sender=target.account_id)
    return [f"Messages to the school: {moved}."] if moved else []
