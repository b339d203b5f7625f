"""Mails, by the address they went to and the account they were meant for."""

from typing import Any

from django.db.models import Q, QuerySet

from common.personal import Person
from mailroom.models import Message, Preference, Suppression

MODELS = {
    "mailroom.Message": "Which emails we sent you, their subjects, and when; not their text",
    "mailroom.Preference": "Your email preferences",
    "mailroom.Suppression": "That emails to you bounced, or that you reported one as spam",
}


def of(person: Person) -> "QuerySet[Message]":
    mine = Q(to__in=person.emails)
    return Message.objects.filter(mine if person.account_id is None else mine | Q(person_id=person.account_id))


def export(person: Person) -> dict[str, object]:
    found: dict[str, list[dict[str, Any]]] = {
        "messages": [
            {
                "mail": one.title,
                "subject": one.subject,
                "to": one.to,
                "status": one.get_state_display(),
                "at": one.changed_at.isoformat(),
            }
            for one in of(person)
        ],
        "choices": [
            {"address": one.email, "kind": one.get_kind_display(), "wanted": one.wanted}
            for one in Preference.objects.filter(email__in=person.emails)
        ],
        "suppressed": [
            {"address": one.email, "why": one.get_cause_display(), "since": one.since.isoformat()}
            for one in Suppression.objects.filter(email__in=person.emails)
        ],
    }
    return {name: rows for name, rows in found.items() if rows}


def erase(person: Person) -> None:
    of(person).delete()
    for model in (Preference, Suppression):
        model._default_manager.filter(email__in=person.emails).delete()


def merge(source: Person, target: Person) -> list[str]:
    if not (source.account_id and target.account_id):
        return []
    moved = Message.objects.filter(person_id=source.account_id).update(person_id=target.account_id)
    return [f"Emails sent to them: {moved}."] if moved else []
