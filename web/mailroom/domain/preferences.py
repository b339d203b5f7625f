"""What a reader chooses to get."""

from collections.abc import Mapping

from django.db import transaction

from common.names import email_key
from mailroom.declare import OPTIONAL, Kind
from mailroom.domain.suppression import default
from mailroom.models import Preference


def choices(address: str) -> dict[Kind, bool]:
    said = dict(Preference.objects.filter(email=email_key(address)).values_list("kind", "wanted"))
    return {kind: said.get(kind, default(kind)) for kind in OPTIONAL}


def choose(address: str, wanted: Mapping[Kind, bool]) -> None:
    with transaction.atomic():
        for kind, yes in wanted.items():
            Preference.objects.update_or_create(email=email_key(address), kind=kind, defaults={"wanted": yes})


def follow(old: str, new: str) -> None:
    """Somebody's address changed: what was chosen for the old one holds for the new one."""
    with transaction.atomic():
        Preference.objects.filter(email=email_key(new)).delete()
        Preference.objects.filter(email=email_key(old)).update(email=email_key(new))
