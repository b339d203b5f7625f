"""The second factor of people who may enter the office: a code from an app (TOTP), or a recovery code.

users.domain.code_attempts decides how often people may try. The same wait applies to recovery codes.
"""

import base64
import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from history.domain import record_action
from history.models import Entry
from mailroom.domain import draft_message
from users.domain import code_attempts
from users.models import RecoveryCode, User

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that look alike on paper
CODES, LENGTH = 10, 16


def can_use_second_factor(user: User) -> bool:
    return settings.STAFF_2FA != "off" and user.has_perm("users.enter_office")


def device_of(user: User) -> TOTPDevice | None:
    device: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    return device


def has_device(user: User) -> bool:
    """The log-in backend reads it with the user."""
    known: bool | None = getattr(user, "has_second_factor", None)
    return device_of(user) is not None if known is None else known


def must_use_second_factor(user: User) -> bool:
    return can_use_second_factor(user) and (settings.STAFF_2FA == "required" or has_device(user))


def start_device_setup(user: User) -> TOTPDevice:
    # The device stays unconfirmed until its first code proves that the app works.
    return TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})[0]


@transaction.atomic
def confirm_device_setup(user: User, code: str, network: str = "") -> list[str] | None:
    """Return the recovery codes, which are never shown again, or None when the code is wrong."""
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None or device_of(user) is not None or code_attempts.has_to_wait(user, network):
        return None
    if not device.verify_token(without_spaces(code)):
        code_attempts.count_wrong_code(user, network)
        return None
    code_attempts.count_right_code(user, network)
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    _mail_owner("second_factor_set_up", user, record_action(user, "users.second_factor_set_up", user))
    return _create_recovery_codes(user)


@transaction.atomic
def verify_code(user: User, code: str, network: str = "") -> TOTPDevice | None:
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None or code_attempts.has_to_wait(user, network):
        return None
    is_token = without_spaces(code).isdecimal()
    if device.verify_token(without_spaces(code)) if is_token else _use_recovery_code(user, code):
        code_attempts.count_right_code(user, network)
        return device
    code_attempts.count_wrong_code(user, network)
    return None


def secret_of(device: TOTPDevice) -> str:
    """Return the key in the QR code, for people who type it."""
    return base64.b32encode(device.bin_key).decode("ascii")


def _use_recovery_code(user: User, code: str) -> bool:
    used, _ = RecoveryCode.objects.filter(user=user, digest=recovery_code_digest(code)).delete()
    if used:
        entry = record_action(user, "users.recovery_code_used", user)
        _mail_owner("recovery_code_used", user, entry, left=user.recovery_codes.count())
    return bool(used)


def _mail_owner(template: str, user: User, entry: Entry, **data: int) -> None:
    # The owner gets a mail, because someone else who knows the password may have done this.
    about = ("account", user.pk)
    draft_message(f"users.{template}", to=user.email, person_id=user.pk, key=str(entry.pk), data=data, about=about)


@transaction.atomic
def replace_recovery_codes(user: User) -> list[str]:
    _mail_owner("recovery_codes_made", user, record_action(user, "users.recovery_codes_made", user))
    return _create_recovery_codes(user)


def _create_recovery_codes(user: User) -> list[str]:
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(CODES)]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=recovery_code_digest(code)) for code in codes])
    return ["-".join(code[start : start + 4] for start in range(0, LENGTH, 4)) for code in codes]


@transaction.atomic
def remove_second_factor(actor: User, user: User, why: str = "") -> None:
    TOTPDevice.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()
    _mail_owner("second_factor_removed", user, record_action(actor, "users.second_factor_removed", user, why=why))


def without_spaces(code: str) -> str:
    return "".join(code.split())


def recovery_code_digest(code: str) -> str:
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
