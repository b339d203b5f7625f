"""The owner is notified of each change to the second factor. A thief with the password cannot lock the owner out."""

from typing import Any

from django.urls import reverse

from tests.users.mail_links import mails_to
from tests.users.second_factor import SecondFactorTestCase, code_of
from users.domain import second_factor

OWNER_ADDRESS, THIEF_ADDRESS = "192.0.2.1", "198.51.100.9"


class SecondFactorNotificationTest(SecondFactorTestCase):
    def last_mail(self) -> Any:
        return mails_to(self.office.email)[-1]

    def test_owner_is_notified_when_second_factor_is_set_up(self) -> None:
        self.log_in(self.office)
        device = second_factor.start_device_setup(self.office)
        self.client.post(reverse("second_factor_set_up"), {"code": code_of(device)})
        self.assertIn("Two-step verification", self.last_mail().subject)
        self.assertIn("is on", self.last_mail().subject)

    def test_owner_is_notified_when_recovery_code_is_used_and_how_many_are_left(self) -> None:
        _, codes = self.set_up(self.office)
        self.log_in(self.office)
        self.client.post(reverse("second_factor_verify"), {"code": codes[0]})
        self.assertIn("recovery code was used", self.last_mail().subject)
        self.assertIn("9 recovery codes", self.last_mail().body)

    def test_owner_is_notified_when_recovery_codes_are_replaced(self) -> None:
        device, _ = self.set_up(self.office)
        self.log_in(self.office)
        self.client.post(reverse("second_factor_verify"), {"code": code_of(device)})
        self.client.post(reverse("second_factor_codes"), {"password": "correct horse battery"})
        self.assertIn("new recovery codes", self.last_mail().subject.lower())


class CodeGuessingTest(SecondFactorTestCase):
    def setUp(self) -> None:
        self.device, self.codes = self.set_up(self.office)
        self.thief, self.owner = self.browser_of(self.office), self.browser_of(self.office)

    def submit_wrong_codes(self, times: int, network_address: str = THIEF_ADDRESS) -> list[int]:
        path = reverse("second_factor_verify")
        return [
            self.thief.post(path, {"code": "000000"}, REMOTE_ADDR=network_address).status_code for _ in range(times)
        ]

    def submit_code(self, code: str, network_address: str = OWNER_ADDRESS) -> Any:
        return self.owner.post(reverse("second_factor_verify"), {"code": code}, REMOTE_ADDR=network_address)

    def test_wrong_codes_from_one_network_do_not_lock_out_the_owner(self) -> None:
        self.submit_wrong_codes(70)
        self.assertEqual(self.submit_code(code_of(self.device)).status_code, 302)

    def test_wrong_codes_from_one_network_do_not_block_the_owners_recovery_code(self) -> None:
        self.submit_wrong_codes(70)
        self.assertEqual(self.submit_code(self.codes[3]).status_code, 302)

    def test_guesser_has_to_wait_even_with_the_correct_code(self) -> None:
        self.guess_often(self.office, THIEF_ADDRESS)
        page = self.thief.post(
            reverse("second_factor_verify"), {"code": code_of(self.device)}, REMOTE_ADDR=THIEF_ADDRESS
        )
        self.assertContains(page, "wait a moment")

    def test_many_wrong_codes_are_rate_limited(self) -> None:
        self.assertEqual(self.submit_wrong_codes(70)[-1], 429)

    def test_guesses_from_many_networks_are_blocked_but_owner_on_a_known_network_is_not(self) -> None:
        self.assertEqual(self.submit_code(code_of(self.device)).status_code, 302)
        statuses = [
            status
            for number in range(60)
            for status in self.submit_wrong_codes(2, network_address=f"203.0.113.{number}")
        ]
        self.assertEqual(statuses[-1], 429)
        self.owner = self.browser_of(self.office)
        self.assertEqual(self.submit_code(code_of(self.device, steps=1)).status_code, 302)
