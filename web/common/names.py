"""Names are kept as typed; two are the same only when they are equal after these steps, never by likeness."""

import re
import unicodedata

import idna

ENDINGS = "com|net|org|info|biz|io|co|ru|cn|xyz|top|online|site|shop|app|dev|link|click|example"
WEB_ADDRESS = re.compile(
    rf"@|://|\b(?:https?|ftp|mailto):|\bwww\.|\d+(?:\.\d+){{3}}|\w\.\w{{2,}}/|\w\.(?:{ENDINGS})\b", re.IGNORECASE
)
DOTTED_WORD = re.compile(r"[\w-]{2,}\.[^\W\d_]{2,}")
"""evil.de, bit.ly; but not J.R. Smith or J.Smith, with one letter before the dot."""
TITLE = re.compile(r"(?<![\w.-])(?:Dr|Fr|Hr|Jr|Mr|Ms|Mx|Sr|St)\.(?=[^\W\d_a-z])")
"""Directly before a capital letter: St.John."""


def tidy(name: str) -> str:
    """As typed, without the spaces around and with single ones inside."""
    return " ".join(name.split())


def first_name(full: str) -> str:
    """For a greeting, of a name that was typed into one field."""
    return tidy(full).partition(" ")[0]


def key(*parts: str) -> str:
    return tidy(unicodedata.normalize("NFKC", " ".join(parts)).casefold())


def has_web_address(name: str) -> bool:
    """Mail programs make a link of it, also where the name stands in a mail of ours to somebody else."""
    text = unicodedata.normalize("NFKC", name)
    return bool(WEB_ADDRESS.search(text) or DOTTED_WORD.search(TITLE.sub("", text)))


def email_key(address: str) -> str:
    """The form in which an e-mail address is stored and compared."""
    local, at, domain = address.strip().lower().rpartition("@")
    return f"{local}{at}{_as_sent(domain)}"


def _as_sent(domain: str) -> str:
    """The network's spelling. Case folding would make another domain of some: straße.de is not strasse.de."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain
