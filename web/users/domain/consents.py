"""The texts that people agree to. Each text has a version, and people are asked again for each new version."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from users.models import Consent, User

TITLES = {"terms": "terms of use", "privacy": "privacy notice"}


@dataclass(frozen=True)
class ConsentText:
    kind: str
    title: str
    version: str

    def __str__(self) -> str:
        return f"the {self.title} (version {self.version})"


def consent_texts() -> list[ConsentText]:
    # A setting names the function that knows the versions in force, because this app must not import the pages.
    published = import_string(settings.CONSENT_VERSIONS)(list(TITLES))
    return [ConsentText(kind, title, str(published[kind])) for kind, title in TITLES.items() if kind in published]


def consent_versions() -> dict[str, str]:
    return {text.kind: text.version for text in consent_texts()}


def missing_consents(user: User) -> list[ConsentText]:
    given = set(user.consents.filter(withdrawn_at=None).values_list("kind", "version"))
    return [text for text in consent_texts() if (text.kind, text.version) not in given]


def give_consents(user: User, agreed: Mapping[str, str]) -> None:
    rows = [Consent(user=user, kind=kind, version=version) for kind, version in agreed.items()]
    Consent.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def withdraw_consent(user: User, kind: str) -> None:
    user.consents.filter(kind=kind, withdrawn_at=None).update(withdrawn_at=timezone.now())
