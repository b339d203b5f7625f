"""Secret addresses: signed, for one purpose, limited in age, used up by changing the row's nonce; never stored.

A token carries the id of a row and the nonce that the row had when the link was made. Whoever opens a link loads the
row and compares: `links.fits(token.nonce, row.link_nonce)`. Changing the nonce ends all links made before.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare


class Bad(Exception):
    """Mangled, foreign, or made for another purpose."""


class Expired(Bad):
    """Good once, too old now."""


@dataclass(frozen=True)
class Token:
    pk: int
    nonce: str


def new_nonce() -> str:
    return secrets.token_urlsafe(12)


def make(purpose: str, pk: int, nonce: str) -> str:
    return signing.dumps([pk, nonce], salt=f"links.{purpose}")


def read(purpose: str, text: str, max_age: timedelta) -> Token:
    """At `max_age` it is over, and not only after it."""
    younger = max_age - timedelta(microseconds=1)
    try:
        pk, nonce = signing.loads(text, salt=f"links.{purpose}", max_age=younger)
    except signing.SignatureExpired:
        raise Expired from None
    except (signing.BadSignature, ValueError, TypeError):
        raise Bad from None
    return Token(pk, nonce)


def fits(given: str, stored: str) -> bool:
    return bool(stored) and constant_time_compare(given, stored)
