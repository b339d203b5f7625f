"""Codes of gift vouchers: twelve characters that are hard to confuse, typed with or without hyphens."""

import secrets

from billing.models import Voucher
from billing.models.vouchers import CODE_LENGTH
from common import names

SIGNS = "CDFGHJKMNPQRTVWXY34679"


def new_voucher_code() -> str:
    # A code has more than fifty random bits, so guessing one is hopeless at the rate that the throttle allows.
    while True:
        code = "".join(secrets.choice(SIGNS) for _ in range(CODE_LENGTH))
        if not Voucher.objects.filter(code=code).exists():
            return code


def normalize_voucher_code(text: str) -> str:
    return "".join(sign for sign in names.tidy_name(text).upper() if sign.isalnum())


def find_voucher(text: str) -> Voucher | None:
    code = normalize_voucher_code(text)
    return Voucher.objects.filter(code=code).first() if len(code) == CODE_LENGTH else None
