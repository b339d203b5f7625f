"""The personal data of this app. Mails belong to a person by their address or their account."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common.personal import MergeStep, PersonRecords, move_rows
from mailroom.models import Message, Preference, Suppression

MODELS = {
    "mailroom.Message": _("The emails we sent you, without personal links"),
    "mailroom.Preference": _("Your email preferences"),
    "mailroom.Suppression": _("That emails to you bounced, or that you reported one as spam"),
}


def messages_of_person(person: PersonRecords) -> "QuerySet[Message]":
    to_person = Q(to__in=person.emails)
    if person.account_id is not None:
        to_person |= Q(person_id=person.account_id)
    return Message.objects.filter(to_person)


def export(person: PersonRecords) -> dict[str, object]:
    data: dict[str, list[dict[str, Any]]] = {
        "messages": [
            {
                "mail": message.title,
                "subject": message.subject,
                "text": message.text,
                "to": message.to,
                "status": message.get_state_display(),
                "at": message.changed_at.isoformat(),
            }
            for message in messages_of_person(person)
        ],
        "choices": [
            {"address": preference.email, "kind": preference.get_kind_display(), "wanted": preference.wanted}
            for preference in Preference.objects.filter(email__in=person.emails)
        ],
        "suppressed": [
            {
                "address": suppression.email,
                "why": suppression.get_cause_display(),
                "since": suppression.since.isoformat(),
            }
            for suppression in Suppression.objects.filter(email__in=person.emails)
        ],
    }
    return {name: rows for name, rows in data.items() if rows}


def erase(person: PersonRecords) -> None:
    messages_of_person(person).delete()
    for model in (Preference, Suppression):
        model._default_manager.filter(email__in=person.emails).delete()


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    if not (source.account_id and target.account_id):
        return []
    messages = Message.objects.filter(person_id=source.account_id)
    count = messages.count()
    return [move_rows(messages, f"Emails sent to them: {count}.", person_id=target.account_id)] if count else []
