"""The second factor of whoever may enter the office: a code from an app (TOTP), or a recovery code in its place.

How often one may try is django-otp's to say: after each wrong code the wait doubles. Recovery codes share that wait.
"""

import base64
import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from history.domain import record
from mailroom.domain import draft
from users.models import RecoveryCode, User

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike on paper
CODES, LENGTH = 10, 16


def concerns(user: User) -> bool:
    return settings.STAFF_2FA != "off" and user.has_perm("users.enter_office")


def device_of(user: User) -> TOTPDevice | None:
    device: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return device


def is_asked_of(user: User) -> bool:
    return concerns(user) and (settings.STAFF_2FA == "required" or device_of(user) is not None)


def begin(user: User) -> TOTPDevice:
    """The app to be is kept until its first code proves that it works."""
    return TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})[0]


@transaction.atomic
def confirm(user: User, code: str) -> list[str] | None:
    """The recovery codes, told this once; None when the code does not fit."""
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None or device_of(user) is not None or not device.verify_token(digits(code)):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    record(user, "users.second_factor_set_up", user)
    return _fresh_codes(user)


@transaction.atomic
def verify(user: User, code: str) -> TOTPDevice | None:
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return None
    if digits(code).isdigit():
        return device if device.verify_token(digits(code)) else None
    return device if _use_recovery_code(device, code) else None


def waits(user: User) -> bool:
    """Whether a wrong code was given so lately that none is looked at."""
    device = TOTPDevice.objects.filter(user=user).order_by("-confirmed").first()
    return device is not None and not device.verify_is_allowed()[0]


def secret_of(device: TOTPDevice) -> str:
    """What the picture says, for typing."""
    return base64.b32encode(device.bin_key).decode("ascii")


def _use_recovery_code(device: TOTPDevice, code: str) -> bool:
    if not device.verify_is_allowed()[0]:
        return False
    used, _ = RecoveryCode.objects.filter(user=device.user, digest=digest(code)).delete()
    if not used:
        device.throttle_increment()
        return False
    device.throttle_reset()
    record(device.user, "users.recovery_code_used", device.user)
    return True


@transaction.atomic
def new_codes(user: User) -> list[str]:
    record(user, "users.recovery_codes_made", user)
    return _fresh_codes(user)


def _fresh_codes(user: User) -> list[str]:
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(CODES)]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=digest(code)) for code in codes])
    return ["-".join(code[start : start + 4] for start in range(0, LENGTH, 4)) for code in codes]


@transaction.atomic
def remove(actor: User, user: User, why: str = "") -> None:
    """By the owner, or by the office for somebody who has lost both telephone and codes. The owner is told by mail."""
    TOTPDevice.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()
    entry = record(actor, "users.second_factor_removed", user, why=why)
    about = ("account", user.pk)
    draft("users.second_factor_removed", to=user.email, person_id=user.pk, key=str(entry.pk), about=about)


def digits(code: str) -> str:
    return "".join(code.split())


def digest(code: str) -> str:
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
