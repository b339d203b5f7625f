"""The hook for a virus scanner: FILE_SCANNER names a function that is given an open file and returns what it found.

    def look(file) -> str:      # "" when nothing is wrong

It runs before anything is kept. A scanner that fails counts as "not now", never as "nothing found".
"""

import logging
from typing import IO, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)
FOUND = "Our virus scanner found a problem with this file, so we didn’t save it. Please try again with a clean copy."
NOT_NOW = "We couldn’t scan this file for viruses right now, so we didn’t save it. Please try again in a few minutes."


def look_at(file: "IO[bytes]") -> None:
    if not settings.FILE_SCANNER:
        return
    file.seek(0)
    try:
        found = import_string(settings.FILE_SCANNER)(file)
    except Exception as wrong:
        log.exception("The virus scanner failed")
        raise ValidationError(NOT_NOW, code="scanner") from wrong
    if found:
        log.warning("The virus scanner found %s", found)
        raise ValidationError(FOUND, code="infected")


@register()
def scanner_exists(**kwargs: Any) -> list[CheckMessage]:
    try:
        if not settings.FILE_SCANNER or callable(import_string(settings.FILE_SCANNER)):
            return []
        problem = "it is no function"
    except ImportError as wrong:
        problem = str(wrong)
    return [
        Error(f"The virus scanner FILE_SCANNER={settings.FILE_SCANNER!r} cannot be used: {problem}", id="common.E020")
    ]
