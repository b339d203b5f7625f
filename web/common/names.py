"""Spelling of names and email addresses. Names are stored as typed; two names match only if their keys are equal."""

import re
import unicodedata
from contextlib import suppress

import idna

ENDINGS = "com|net|org|info|biz|io|co|ru|cn|xyz|top|online|site|shop|app|dev|link|click|example"
WEB_ADDRESS = re.compile(
    rf"@|://|\b(?:https?|ftp|mailto):|\bwww\.|\d+(?:\.\d+){{3}}|\w\.\w{{2,}}/|\w\.(?:{ENDINGS})\b", re.IGNORECASE
)
DOTTED_WORD = re.compile(r"[\w-]{2,}\.[^\W\d_]{2,}")
"""This matches evil.de and bit.ly, but not J.R. Smith or J.Smith, which have one letter before the dot."""
TITLE = re.compile(r"(?<![\w.-])(?:Dr|Fr|Hr|Jr|Mr|Ms|Mx|Sr|St)\.(?=[^\W\d_a-z])")
"""This matches a title directly before a capital letter, as in St.John."""


def tidy_name(name: str) -> str:
    return " ".join(name.split())


def first_name(full: str) -> str:
    return tidy_name(full).partition(" ")[0]


def name_key(*parts: str) -> str:
    return tidy_name(unicodedata.normalize("NFKC", " ".join(parts)).casefold())


def has_web_address(name: str) -> bool:
    """Mail programs turn such a name into a link, even when it is part of a mail from us to someone else."""
    text = unicodedata.normalize("NFKC", name)
    return bool(WEB_ADDRESS.search(text) or DOTTED_WORD.search(TITLE.sub("", text)))


def email_key(address: str) -> str:
    """The form in which an email address is stored and compared."""
    local, at, domain = address.strip().lower().rpartition("@")
    if not domain.isascii():
        # Case folding would turn some domains into others: straße.de is not strasse.de.
        with suppress(idna.IDNAError):
            domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}{at}{domain}"
