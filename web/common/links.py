"""Signed tokens for secret links. A token is valid for one purpose and for a limited time, and it is never stored.

A token contains the ID of a row and the nonce that the row had when the link was made. The view that opens a link
loads the row and compares the two nonces. Changing the nonce of the row invalidates all earlier links.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare


class LinkInvalid(Exception):
    """The token is damaged, was not signed here, or was made for another purpose."""


class LinkExpired(LinkInvalid):
    """The token was valid but is too old now."""


@dataclass(frozen=True)
class Token:
    pk: int
    nonce: str


def new_nonce() -> str:
    return secrets.token_urlsafe(12)


def sign_token(purpose: str, pk: int, nonce: str) -> str:
    return signing.dumps([pk, nonce], salt=f"links.{purpose}")


def read_token(purpose: str, text: str, max_age: timedelta) -> Token:
    """Raises if the token is invalid or has reached `max_age`. The caller still has to compare the nonce."""
    oldest_valid_age = max_age - timedelta(microseconds=1)
    try:
        pk, nonce = signing.loads(text, salt=f"links.{purpose}", max_age=oldest_valid_age)
    except signing.SignatureExpired:
        raise LinkExpired from None
    except (signing.BadSignature, ValueError, TypeError):
        raise LinkInvalid from None
    return Token(pk, nonce)


def nonce_matches(nonce: str, stored_nonce: str) -> bool:
    return bool(stored_nonce) and constant_time_compare(nonce, stored_nonce)


def absolute_url(path: str) -> str:
    """For mail, feeds and search engines, which have no page that the path could belong to."""
    return f"{settings.SITE_URL}{path}"
