"""Texts of the site, which are written as drafts and published as numbered editions."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from django.db import transaction
from django.db.models import Max, Prefetch
from django.utils import timezone

from history.domain import record_action
from pages.errors import TextChanged
from pages.models import Edition, SiteContent
from users.models import User

MAX_OTHER_EDITIONS = 50


class TextState(Enum):
    MISSING = "Not written yet"
    DRAFT = "Draft"
    CHANGED = "Unpublished changes"
    PUBLISHED = "Published"


@dataclass(frozen=True)
class TextOverview:
    key: str
    content: SiteContent | None
    edition: Edition | None

    @property
    def state(self) -> TextState:
        if self.content is None:
            return TextState.MISSING
        if self.edition is None:
            return TextState.DRAFT
        return TextState.PUBLISHED if _matches_edition(self.content, self.edition) else TextState.CHANGED


def published_edition(key: str, number: int | None = None) -> Edition | None:
    editions = Edition.objects.filter(content__key=key)
    if number is not None:
        editions = editions.filter(number=number)
    return editions.first()


def other_editions(edition: Edition) -> list[Edition]:
    return list(
        Edition.objects.filter(content=edition.content_id)
        .exclude(pk=edition.pk)
        .order_by("-number")[:MAX_OTHER_EDITIONS]
    )


def text_overviews(keys: Iterable[str]) -> list[TextOverview]:
    editions = Prefetch("editions", Edition.objects.order_by("content", "-number"))
    contents = {content.key: content for content in SiteContent.objects.prefetch_related(editions)}
    overviews = []
    for key in keys:
        content = contents.get(key)
        edition = next(iter(content.editions.all()), None) if content else None
        overviews.append(TextOverview(key, content, edition))
    return overviews


def _matches_edition(content: SiteContent, edition: Edition) -> bool:
    return (edition.title, edition.text) == (content.title, content.draft)


def in_force(keys: Iterable[str]) -> dict[str, int]:
    """Return the number of the latest edition of each text, to which people are asked to agree."""
    numbers = Edition.objects.filter(content__key__in=keys).order_by().values_list("content__key")
    return dict(numbers.annotate(last=Max("number")))


def draft_digest(content: SiteContent) -> str:
    return hashlib.sha256(f"{content.title}\0{content.draft}".encode()).hexdigest()[:24]


def save_draft(content: SiteContent, by: User | None) -> SiteContent:
    with transaction.atomic():
        content.save()
        record_action(by, "pages.text_drafted", content, key=content.key)
    return content


def next_edition(content: SiteContent) -> Edition:
    """Return the edition that publishing the draft would create. It is not saved."""
    last = content.editions.first()
    number = last.number + 1 if last else 1
    now = timezone.now()
    return Edition(content=content, number=number, title=content.title, text=content.draft, published_at=now)


def publish_text(content: SiteContent, seen: str, by: User | None) -> Edition:
    """Publish the draft with the digest `seen`. A draft that somebody has changed since then is refused."""
    with transaction.atomic():
        content = SiteContent.objects.select_for_update().get(pk=content.pk)
        if draft_digest(content) != seen:
            raise TextChanged
        last = content.editions.first()
        if last is not None and _matches_edition(content, last):
            return last
        edition = next_edition(content)
        edition.save()
        record_action(by, "pages.text_published", content, key=content.key, number=edition.number)
    return edition
