"""The storage of private files: STORAGES["private"], a folder that no web server shows, or a bucket that asks for a
signature. Nothing of it has an address of its own at this site."""

from typing import Any

from django.core.files.storage import Storage, storages
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.functional import LazyObject, empty


class PrivateStorage(LazyObject):  # type: ignore[type-arg]
    def _setup(self) -> None:
        self._wrapped = storages["private"]


files: Any = PrivateStorage()


def storage() -> Storage:
    """For model fields: `FileField(storage=private.storage)`; a migration then names no folder and no bucket."""
    kept: Storage = files
    return kept


@receiver(setting_changed, dispatch_uid="common.files.private")
def forget(setting: str, **kwargs: Any) -> None:
    """As Django does for the default storage: when tests change STORAGES, it is looked up anew."""
    if setting == "STORAGES":
        files._wrapped = empty
