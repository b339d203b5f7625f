"""Handles a file that is missing from the storage: the page says so, and the office is notified once per file."""

from django.conf import settings
from django.db import transaction

from classwork.models import Resource
from common.files.private import files
from common.files.serving import Kept
from history.domain import record
from history.models import Entry
from mailroom.domain import draft

ACTION = "classwork.file_lost"


def kept(resource: Resource) -> Kept:
    return Kept(str(resource.file), resource.file_title or resource.title, resource.seconds)


def is_lost(resource: Resource) -> bool:
    return bool(resource.file) and not files.exists(str(resource.file))


def tell(resource: Resource) -> None:
    name = str(resource.file)
    with transaction.atomic():
        Resource.objects.select_for_update().get(pk=resource.pk)
        reports = Entry.objects.filter(action=ACTION, subject_type="resource", subject_id=str(resource.pk))
        if any(entry.details.get("file") == name for entry in reports):
            return
        record(None, ACTION, resource, title=str(resource), file=name)
        if settings.OFFICE_EMAIL:
            about = ("resource", resource.pk)
            data = {"resource_id": resource.pk}
            draft("classwork.file_lost", to=settings.OFFICE_EMAIL, key=f"lost:{name}", data=data, about=about)
