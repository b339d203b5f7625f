"""The hook for a virus scanner. FILE_SCANNER names a function that receives an open file.

The function returns a description of what it found, or "" if the file is clean. It runs before the file is stored. If
the scanner fails, the file is refused.
"""

import logging
from typing import IO, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)
INFECTED = "Our virus scanner found a problem with this file, so we didn’t save it. Please try again with a clean copy."
SCANNER_FAILED = (
    "We couldn’t scan this file for viruses right now, so we didn’t save it. Please try again in a few minutes."
)


def scan_file(file: "IO[bytes]") -> None:
    if not settings.FILE_SCANNER:
        return
    file.seek(0)
    try:
        problem = import_string(settings.FILE_SCANNER)(file)
    except Exception as error:
        log.exception("The virus scanner failed")
        raise ValidationError(SCANNER_FAILED, code="scanner") from error
    if problem:
        log.warning("The virus scanner found %s", problem)
        raise ValidationError(INFECTED, code="infected")


@register()
def check_scanner_setting(**kwargs: Any) -> list[CheckMessage]:
    try:
        if not settings.FILE_SCANNER or callable(import_string(settings.FILE_SCANNER)):
            return []
        problem = "it is not a function"
    except ImportError as error:
        problem = str(error)
    return [
        Error(f"The virus scanner FILE_SCANNER={settings.FILE_SCANNER!r} can’t be used: {problem}", id="common.E020")
    ]
