"""A site with a few German texts, for tests."""

import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.test import override_settings

HEADER = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"
SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"


@contextmanager
def site_with_german(texts: Mapping[str, str], **more_settings: object) -> Iterator[None]:
    """The settings are those of LANGUAGES=de. Tests need no gettext for this."""
    middleware = list(settings.MIDDLEWARE)
    middleware.insert(middleware.index(SESSION_MIDDLEWARE) + 1, LOCALE_MIDDLEWARE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "de" / "LC_MESSAGES" / "django.mo"
        path.parent.mkdir(parents=True)
        path.write_bytes(compiled_messages(texts))
        languages = [("en-us", "en-us"), ("de", "de")]
        german = {"LANGUAGES": languages, "LOCALE_PATHS": [folder], "MIDDLEWARE": middleware}
        with override_settings(**german, **more_settings):
            yield


def compiled_messages(texts: Mapping[str, str]) -> bytes:
    """The format is in the manual of gettext, under "The Format of GNU MO Files"."""
    messages = sorted(({"": HEADER} | dict(texts)).items())
    strings = [text.encode() for column in zip(*messages, strict=True) for text in column]
    position = 28 + 8 * len(strings)
    tables = b""
    for string in strings:
        tables += struct.pack("<2I", len(string), position)
        position += len(string) + 1
    header = struct.pack("<7I", 0x950412DE, 0, len(messages), 28, 28 + 8 * len(messages), 0, 28)
    return header + tables + b"".join(string + b"\0" for string in strings)
