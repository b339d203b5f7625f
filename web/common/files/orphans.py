"""Files that no row names any more: of deleted rows, of replaced pictures, of transactions that came to nothing.

Looked for in the folders that file fields store into, and only there. What is younger than a day may belong to a
transaction that is still under way.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.files.storage import Storage
from django.db.models import FileField
from django.utils import timezone

AGE = timedelta(days=1)


def tidy() -> None:
    for (storage, folder), fields in _folders().items():
        claimed = {name for field in fields for name in _names(field)}
        for name in list(_files(storage, folder)):
            if name not in claimed and timezone.now() - storage.get_modified_time(name) > AGE:
                storage.delete(name)


def _folders() -> "dict[tuple[Storage, str], list[FileField]]":
    found = defaultdict(list)
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField) and isinstance(field.upload_to, str) and field.upload_to:
                found[field.storage, field.upload_to.strip("/")].append(field)
    return found


def _names(field: Any) -> Iterator[str]:
    rows = field.model._base_manager.exclude(**{field.name: ""})
    yield from rows.values_list(field.name, flat=True).iterator()


def _files(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from _files(storage, f"{folder}/{inner}")
