"""The kinds of mail that people choose to get."""

from collections.abc import Mapping

from django.db import transaction

from common.names import email_key
from mailroom.declare import OPTIONAL_KINDS, MailKind
from mailroom.domain.suppression import wants_by_default
from mailroom.models import Preference


def preferences_of(address: str) -> dict[MailKind, bool]:
    stored = dict(Preference.objects.filter(email=email_key(address)).values_list("kind", "wanted"))
    return {kind: stored.get(kind, wants_by_default(kind)) for kind in OPTIONAL_KINDS}


def save_preferences(address: str, choices_by_kind: Mapping[MailKind, bool]) -> None:
    with transaction.atomic():
        for kind, opted_in in choices_by_kind.items():
            Preference.objects.update_or_create(email=email_key(address), kind=kind, defaults={"wanted": opted_in})


def move_preferences(old: str, new: str) -> None:
    """Replace the preferences of a new address with those of the old one when a person changes their address."""
    with transaction.atomic():
        Preference.objects.filter(email=email_key(new)).delete()
        Preference.objects.filter(email=email_key(old)).update(email=email_key(new))
