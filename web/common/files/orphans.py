"""Deletes files that no row refers to. They remain after deleted rows, replaced pictures and canceled transactions.

Only the folders of file fields are searched. A file that is less than a day old is kept, because it may belong to a
transaction that has not ended yet.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from django.apps import apps
from django.core.files.storage import Storage
from django.db.models import FileField
from django.utils import timezone

MINIMUM_AGE = timedelta(days=1)


def delete_orphaned_files() -> None:
    for (storage, folder), fields in _fields_by_folder().items():
        claimed = {
            name
            for field in fields
            for name in field.model._base_manager.exclude(**{field.name: ""})
            .values_list(field.name, flat=True)
            .iterator()
        }
        for name in list(_walk_folder(storage, folder)):
            if name not in claimed and timezone.now() - storage.get_modified_time(name) > MINIMUM_AGE:
                storage.delete(name)


def _fields_by_folder() -> "dict[tuple[Storage, str], list[FileField]]":
    fields = defaultdict(list)
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField) and isinstance(field.upload_to, str) and field.upload_to:
                fields[field.storage, field.upload_to.strip("/")].append(field)
    return fields


def _walk_folder(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in names)
    for subfolder in folders:
        yield from _walk_folder(storage, f"{folder}/{subfolder}")
