"""The storage of private files, STORAGES["private"].

It is a folder that no web server publishes, or a bucket that requires signed links. Its files have no public address
on this site.
"""

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
    # Use it as `FileField(storage=private.storage)`, so that migrations contain neither a folder nor a bucket.
    private_storage: Storage = files
    return private_storage


@receiver(setting_changed, dispatch_uid="common.files.private")
def reset_private_storage(setting: str, **kwargs: Any) -> None:
    # Django does the same for the default storage if tests change STORAGES.
    if setting == "STORAGES":
        files._wrapped = empty
