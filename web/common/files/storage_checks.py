"""Checks that a storage can save files. They run while a form is validated, so that nothing people typed is lost."""

import logging
import secrets

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, default_storage

from common.files import private

log = logging.getLogger(__name__)
CANNOT_SAVE = ValidationError("We can’t save files right now. Please try again later.", code="storage")
PROBE_CONTENT = bytes(4096)


def check_private_storage() -> None:
    check_storage(private.storage())


def check_public_storage() -> None:
    check_storage(default_storage)


def check_storage(storage: Storage) -> None:
    """Raises CANNOT_SAVE if a folder cannot save a file. A bucket is not tested, because that would be slow."""
    if not isinstance(storage, FileSystemStorage) and not hasattr(storage, "base_location"):
        return
    name = f"probe-{secrets.token_hex(8)}"
    try:
        name = storage.save(name, ContentFile(PROBE_CONTENT))
        storage.delete(name)
    except OSError as error:
        log.error("Files cannot be saved: %s", type(error).__name__)
        raise CANNOT_SAVE from None
