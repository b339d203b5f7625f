from django.test import Client, override_settings
from django.urls import reverse

from history.models import Entry
from tests import factories
from tests.users import mail_links
from tests.users.second_factor import SecondFactorTestCase, code_of
from users.domain import second_factor
from users.models import RecoveryCode, User


class SecondFactorSetupTest(SecondFactorTestCase):
    def test_setup_page_shows_qr_code_and_key_as_text(self) -> None:
        self.log_in(self.office)
        response = self.client.get(reverse("second_factor_set_up"))
        self.assertContains(response, "<svg")
        key = second_factor.secret_of(second_factor.start_device_setup(self.office))
        self.assertContains(response, key[:4])
        self.assertNotContains(response, "style=")

    def test_correct_code_turns_second_factor_on_and_shows_recovery_codes(self) -> None:
        self.log_in(self.office)
        device = second_factor.start_device_setup(self.office)
        response = self.client.post(
            reverse("second_factor_set_up"), {"code": f"{code_of(device)[:3]} {code_of(device)[3:]}"}
        )
        self.assertContains(response, "Your recovery codes")
        self.assertEqual(len(response.context["codes"]), 10)
        self.assertEqual(response["Cache-Control"].count("no-store"), 1)
        self.assertEqual(self.client.get(reverse("admin:index")).status_code, 200)
        self.assertTrue(Entry.objects.filter(action="users.second_factor_set_up").exists())

    def test_wrong_code_does_not_turn_second_factor_on(self) -> None:
        self.log_in(self.office)
        response = self.client.post(reverse("second_factor_set_up"), {"code": "000000"})
        self.assertEqual(response.status_code, 200)
        self.assertIsNone(second_factor.device_of(self.office))

    def test_recovery_codes_are_not_stored_in_plain_text(self) -> None:
        _, codes = self.set_up(self.office)
        stored = set(RecoveryCode.objects.values_list("digest", flat=True))
        self.assertEqual(len(stored), 10)
        self.assertTrue(stored.isdisjoint(codes))

    def test_working_app_cannot_be_replaced_with_the_password_alone(self) -> None:
        device, _ = self.set_up(self.office)
        self.log_in(self.office)
        self.assertRedirects(
            self.client.get(reverse("second_factor_set_up")), reverse("second_factor"), fetch_redirect_response=False
        )
        self.assertIsNone(second_factor.confirm_device_setup(self.office, "000000"))
        self.assertEqual(second_factor.device_of(self.office), device)


class SecondFactorRequirementTest(SecondFactorTestCase):
    def status_or_redirect(self, user: User, name: str = "desk") -> str:
        self.log_in(user)
        response = self.client.get(reverse(name))
        return response["Location"].partition("?")[0] if response.status_code == 302 else str(response.status_code)

    def test_optional_mode_asks_only_users_who_have_set_it_up(self) -> None:
        self.assertEqual(self.status_or_redirect(self.office), "200")
        self.set_up(self.office)
        for name in ("desk", "admin:index", "profile_page"):
            self.assertEqual(self.status_or_redirect(self.office, name), reverse("second_factor_verify"), name)

    @override_settings(STAFF_2FA="required")
    def test_required_mode_sends_office_staff_to_setup_first(self) -> None:
        for name in ("desk", "admin:index", "profile_page"):
            self.assertEqual(self.status_or_redirect(self.office, name), reverse("second_factor_set_up"), name)

    @override_settings(STAFF_2FA="required")
    def test_required_mode_does_not_ask_users_without_office_access(self) -> None:
        for person in (self.alice, self.tess):
            self.assertEqual(self.status_or_redirect(person, "profile_page"), "200")

    @override_settings(STAFF_2FA="off")
    def test_off_mode_asks_nobody(self) -> None:
        self.set_up(self.office)
        self.assertEqual(self.status_or_redirect(self.office), "200")

    def test_second_factor_cannot_be_removed_before_a_code_is_entered(self) -> None:
        self.set_up(self.office)
        self.log_in(self.office)
        response = self.client.post(reverse("second_factor_remove"), {"password": factories.PASSWORD})
        self.assertEqual(response["Location"], reverse("second_factor_verify"))
        self.assertIsNotNone(second_factor.device_of(self.office))

    def test_user_can_log_out_without_entering_a_code(self) -> None:
        self.set_up(self.office)
        self.log_in(self.office)
        self.assertRedirects(self.client.post(reverse("logout")), reverse("home"))


class CodeVerificationTest(SecondFactorTestCase):
    def setUp(self) -> None:
        self.device, self.codes = self.set_up(self.office)
        self.log_in(self.office)

    def submit_code(self, code: str, **fields: str) -> object:
        return self.client.post(reverse("second_factor_verify"), {"code": code, **fields})

    def test_correct_code_redirects_to_the_requested_page(self) -> None:
        desk = reverse("desk")
        self.assertRedirects(self.submit_code(code_of(self.device), next=desk), desk)

    def test_correct_code_does_not_redirect_to_another_site(self) -> None:
        response = self.submit_code(code_of(self.device), next="https://elsewhere.example/")
        self.assertRedirects(response, reverse("profile_page"))

    def test_code_from_the_app_works_only_once(self) -> None:
        code = code_of(self.device)
        self.assertIsNotNone(second_factor.verify_code(self.office, code))
        self.assertIsNone(second_factor.verify_code(self.office, code))

    def test_recovery_code_works_once_regardless_of_case_and_separators(self) -> None:
        self.assertIsNotNone(second_factor.verify_code(self.office, self.codes[0].upper().replace("-", " ")))
        self.assertIsNone(second_factor.verify_code(self.office, self.codes[0]))
        self.assertTrue(Entry.objects.filter(action="users.recovery_code_used").exists())

    def test_recovery_code_of_another_user_does_not_work(self) -> None:
        _, codes_of_ada = self.set_up(self.ada)
        self.assertIsNone(second_factor.verify_code(self.office, codes_of_ada[0]))

    def test_after_wrong_codes_even_correct_and_recovery_codes_have_to_wait(self) -> None:
        self.guess_often(self.office)
        response = self.submit_code(code_of(self.device))
        self.assertContains(response, "wait a moment")
        self.assertContains(self.submit_code(self.codes[0]), "wait a moment")
        self.assertEqual(RecoveryCode.objects.filter(user=self.office).count(), 10)

    def test_second_browser_has_to_enter_a_code_too(self) -> None:
        self.submit_code(code_of(self.device))
        other_browser = self.browser_of(self.office)
        self.assertEqual(other_browser.get(reverse("desk")).status_code, 302)


class SecondFactorRemovalTest(SecondFactorTestCase):
    def setUp(self) -> None:
        self.device, self.codes = self.set_up(self.office)
        self.log_in(self.office)
        self.client.post(reverse("second_factor_verify"), {"code": code_of(self.device)})

    def test_removing_second_factor_needs_the_password(self) -> None:
        self.assertEqual(self.client.post(reverse("second_factor_remove"), {"password": "guessed"}).status_code, 200)
        self.assertIsNotNone(second_factor.device_of(self.office))
        self.client.post(reverse("second_factor_remove"), {"password": factories.PASSWORD})
        self.assertIsNone(second_factor.device_of(self.office))
        self.assertFalse(RecoveryCode.objects.filter(user=self.office).exists())

    def test_new_recovery_codes_need_the_password_and_invalidate_the_old_ones(self) -> None:
        self.client.post(reverse("second_factor_codes"), {"password": "guessed"})
        self.assertEqual(
            RecoveryCode.objects.get(digest=second_factor.recovery_code_digest(self.codes[0])).user, self.office
        )
        response = self.client.post(reverse("second_factor_codes"), {"password": factories.PASSWORD})
        self.assertContains(response, "Your recovery codes")
        self.assertIsNone(second_factor.verify_code(self.office, self.codes[0]))

    def test_office_turns_off_second_factor_with_a_reason_and_owner_is_notified(self) -> None:
        browser: Client = self.browser_of(self.ada)
        url = f"{reverse('admin:users_user_action', args=['second-factor'])}?people={self.office.pk}"
        self.assertContains(browser.get(url), "Turn off two-step verification")
        browser.post(url, {"why": "telephone stolen, came to the desk"})
        self.assertIsNone(second_factor.device_of(self.office))
        entry = Entry.objects.get(action="users.second_factor_removed")
        self.assertEqual((entry.actor_id, entry.reason), (self.ada.pk, "telephone stolen, came to the desk"))
        self.assertIn("password alone", mail_links.last_mail(self.office.email).body)

    def test_profile_links_to_second_factor_only_for_office_staff(self) -> None:
        self.assertContains(self.client.get(reverse("profile_page")), reverse("second_factor"))
        self.log_in(self.alice)
        self.assertNotContains(self.client.get(reverse("profile_page")), reverse("second_factor"))
