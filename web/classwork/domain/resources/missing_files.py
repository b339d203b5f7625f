"""Handles a file that is missing from the storage: the page says so, and the office is notified once per file."""

from django.conf import settings
from django.db import transaction

from classwork.models import Resource
from common.files.file_responses import StoredFile
from common.files.private import files
from history.domain import record_action
from history.models import Entry
from mailroom.domain import draft_message

ACTION = "classwork.file_missing"


def stored_file(resource: Resource) -> StoredFile:
    return StoredFile(str(resource.file), resource.file_title or resource.title, resource.seconds)


def is_resource_file_missing(resource: Resource) -> bool:
    return bool(resource.file) and not files.exists(str(resource.file))


def report_missing_file(resource: Resource) -> None:
    name = str(resource.file)
    with transaction.atomic():
        Resource.objects.select_for_update().get(pk=resource.pk)
        reports = Entry.objects.filter(action=ACTION, subject_type="resource", subject_id=str(resource.pk))
        if any(entry.details.get("file") == name for entry in reports):
            return
        record_action(None, ACTION, resource, title=str(resource), file=name)
        if settings.OFFICE_EMAIL:
            about = ("resource", resource.pk)
            data = {"resource_id": resource.pk}
            draft_message(
                "classwork.file_missing", to=settings.OFFICE_EMAIL, key=f"lost:{name}", data=data, about=about
            )
