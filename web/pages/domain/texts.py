"""Texts of the site: written as a draft, published as numbered editions."""

import hashlib

from django.db import transaction

from history.domain import record
from pages.models import Edition, SiteContent
from users.models import User


class Changed(Exception):
    """The draft is no longer the one that was looked at."""


def published(key: str, number: int | None = None) -> Edition | None:
    editions = Edition.objects.filter(content__key=key)
    if number is not None:
        editions = editions.filter(number=number)
    return editions.first()


def digest(content: SiteContent) -> str:
    return hashlib.sha256(f"{content.title}\0{content.draft}".encode()).hexdigest()[:24]


def save_draft(content: SiteContent, by: User | None) -> SiteContent:
    with transaction.atomic():
        content.save()
        record(by, "pages.text_drafted", content, key=content.key)
    return content


def publish(content_id: int, seen: str, by: User | None) -> Edition:
    """Publish the draft as it was seen; whoever changed it meanwhile is not published unread."""
    with transaction.atomic():
        content = SiteContent.objects.select_for_update().get(pk=content_id)
        if digest(content) != seen:
            raise Changed
        last = content.editions.first()
        if last is not None and (last.title, last.text) == (content.title, content.draft):
            return last
        edition = content.editions.create(
            number=last.number + 1 if last else 1, title=content.title, text=content.draft
        )
        record(by, "pages.text_published", content, key=content.key, number=edition.number)
    return edition
