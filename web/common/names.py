"""Names are kept as typed; two are the same only when they are equal after these steps, never by likeness."""

import re
import unicodedata

import idna

WEB_ADDRESS = re.compile(
    r"://|\bwww\.|\w\.\w{2,}/|\w\.(?:com|net|org|info|biz|io|co|ru|cn|xyz|top|online|site|shop|app|dev|link|click|example)\b",
    re.IGNORECASE,
)


def tidy(name: str) -> str:
    """As typed, without the spaces around and with single ones inside."""
    return " ".join(name.split())


def key(*parts: str) -> str:
    return tidy(unicodedata.normalize("NFKC", " ".join(parts)).casefold())


def has_web_address(name: str) -> bool:
    """Mail programs make a link of it, also where the name stands in a mail of ours to somebody else."""
    return WEB_ADDRESS.search(unicodedata.normalize("NFKC", name)) is not None


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
