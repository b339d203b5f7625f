"""Whether a storage takes files at all: asked while a form is looked at, so that what was typed is not lost later."""

import logging
import secrets

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, default_storage

from common.files import private

log = logging.getLogger(__name__)
CANNOT_SAVE = ValidationError("We can’t save files right now. Please try again later.", code="storage")
ENOUGH = bytes(4096)


def check_private() -> None:
    check_storage(private.storage())


def check_public() -> None:
    check_storage(default_storage)


def check_storage(storage: Storage) -> None:
    """Raises CANNOT_SAVE. A folder is tried; of a bucket nothing is asked, for that would cost as much as saving."""
    if not isinstance(storage, FileSystemStorage) and not hasattr(storage, "base_location"):
        return
    name = f"probe-{secrets.token_hex(8)}"
    try:
        name = storage.save(name, ContentFile(ENOUGH))
        storage.delete(name)
    except OSError as fault:
        log.error("Files cannot be saved: %s", type(fault).__name__)
        raise CANNOT_SAVE from None
