"""The text on a voucher: twelve signs that nobody mixes up and that spell nothing, typed with or without hyphens."""

import secrets

from billing.models import Voucher
from billing.models.vouchers import CODE_LENGTH
from common import names

SIGNS = "CDFGHJKMNPQRTVWXY34679"


def new_code() -> str:
    """More than fifty bits: guessing one takes longer than the throttle lets anybody live."""
    while True:
        code = "".join(secrets.choice(SIGNS) for _ in range(CODE_LENGTH))
        if not Voucher.objects.filter(code=code).exists():
            return code


def plain(text: str) -> str:
    """As it is stored: capitals without hyphens, dots or spaces."""
    return "".join(sign for sign in names.tidy(text).upper() if sign.isalnum())


def find(text: str) -> Voucher | None:
    code = plain(text)
    return Voucher.objects.filter(code=code).first() if len(code) == CODE_LENGTH else None
