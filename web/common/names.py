"""Names are kept as typed; two are the same only when they are equal after these steps, never by likeness."""

import unicodedata


def tidy(name: str) -> str:
    """As typed, without the spaces around and with single ones inside."""
    return " ".join(name.split())


def key(*parts: str) -> str:
    return tidy(unicodedata.normalize("NFKC", " ".join(parts)).casefold())


def email_key(address: str) -> str:
    """The form in which an e-mail address is stored and compared."""
    return address.strip().casefold()
