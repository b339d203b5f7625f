"""The codes of the second factor, as an app would show them."""

import time

from django.test import RequestFactory
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from common.throttle import address_block
from tests import factories
from tests.base import SchoolTestCase
from users.domain import code_attempts, second_factor
from users.models import User


def code_of(device: TOTPDevice, *, steps: int = 0) -> str:
    """What the app would show; a device takes each step's code once."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time() + steps * device.step
    return f"{totp.token():06}"


class SecondFactorTestCase(SchoolTestCase):
    office: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.office = factories.create_account("office@example.org", "Olga", "Office", factories.PASSWORD)
        factories.create_staff(cls.office, "Admin")

    def set_up(self, user: User) -> tuple[TOTPDevice, list[str]]:
        device = second_factor.start_device_setup(user)
        codes = second_factor.confirm_device_setup(user, code_of(device, steps=-1))
        assert codes is not None
        return TOTPDevice.objects.get(user=user), codes

    def guess_often(self, user: User, at: str = "127.0.0.1") -> None:
        """So many wrong codes that even a slow machine still has to wait when it tries the right one."""
        for _ in range(8):
            code_attempts.count_wrong_code(user, address_block(RequestFactory(REMOTE_ADDR=at).get("/")))
