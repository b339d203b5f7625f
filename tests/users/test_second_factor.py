from django.test import Client, override_settings
from django.urls import reverse

from history.models import Entry
from tests import make
from tests.users import post
from tests.users.codes import SecondFactorTestCase, code_of
from users.domain import second_factor
from users.models import RecoveryCode, User


class SettingUpTest(SecondFactorTestCase):
    def test_the_page_shows_the_picture_and_the_key_as_text(self) -> None:
        self.log_in(self.office)
        response = self.client.get(reverse("second_factor_set_up"))
        self.assertContains(response, "<svg")
        key = second_factor.secret_of(second_factor.start_device_setup(self.office))
        self.assertContains(response, key[:4])
        self.assertNotContains(response, "style=")

    def test_the_right_code_turns_it_on_and_the_recovery_codes_are_shown_this_once(self) -> None:
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

    def test_a_wrong_code_does_not(self) -> None:
        self.log_in(self.office)
        response = self.client.post(reverse("second_factor_set_up"), {"code": "000000"})
        self.assertEqual(response.status_code, 200)
        self.assertIsNone(second_factor.device_of(self.office))

    def test_the_codes_are_not_in_the_database(self) -> None:
        _, codes = self.set_up(self.office)
        stored = set(RecoveryCode.objects.values_list("digest", flat=True))
        self.assertEqual(len(stored), 10)
        self.assertTrue(stored.isdisjoint(codes))

    def test_an_app_that_works_is_not_replaced_by_whoever_knows_the_password(self) -> None:
        device, _ = self.set_up(self.office)
        self.log_in(self.office)
        self.assertRedirects(
            self.client.get(reverse("second_factor_set_up")), reverse("second_factor"), fetch_redirect_response=False
        )
        self.assertIsNone(second_factor.confirm_device_setup(self.office, "000000"))
        self.assertEqual(second_factor.device_of(self.office), device)


class AskingTest(SecondFactorTestCase):
    def leads_to(self, user: User, name: str = "desk") -> str:
        self.log_in(user)
        response = self.client.get(reverse(name))
        return response["Location"].partition("?")[0] if response.status_code == 302 else str(response.status_code)

    def test_optional_asks_those_who_have_set_one_up(self) -> None:
        self.assertEqual(self.leads_to(self.office), "200")
        self.set_up(self.office)
        for name in ("desk", "admin:index", "profile_page"):
            self.assertEqual(self.leads_to(self.office, name), reverse("second_factor_verify"), name)

    @override_settings(STAFF_2FA="required")
    def test_required_leads_everybody_of_the_office_to_setting_up_first(self) -> None:
        for name in ("desk", "admin:index", "profile_page"):
            self.assertEqual(self.leads_to(self.office, name), reverse("second_factor_set_up"), name)

    @override_settings(STAFF_2FA="required")
    def test_who_may_not_enter_the_office_is_asked_nothing(self) -> None:
        for person in (self.alice, self.tess):
            self.assertEqual(self.leads_to(person, "profile_page"), "200")

    @override_settings(STAFF_2FA="off")
    def test_off_asks_nobody(self) -> None:
        self.set_up(self.office)
        self.assertEqual(self.leads_to(self.office), "200")

    def test_before_it_is_shown_the_password_alone_changes_nothing(self) -> None:
        self.set_up(self.office)
        self.log_in(self.office)
        response = self.client.post(reverse("second_factor_remove"), {"password": make.PASSWORD})
        self.assertEqual(response["Location"], reverse("second_factor_verify"))
        self.assertIsNotNone(second_factor.device_of(self.office))

    def test_one_can_always_log_out(self) -> None:
        self.set_up(self.office)
        self.log_in(self.office)
        self.assertRedirects(self.client.post(reverse("logout")), reverse("home"))


class VerifyingTest(SecondFactorTestCase):
    def setUp(self) -> None:
        self.device, self.codes = self.set_up(self.office)
        self.log_in(self.office)

    def give(self, code: str, **more: str) -> object:
        return self.client.post(reverse("second_factor_verify"), {"code": code, **more})

    def test_the_right_code_leads_on_to_where_one_was_going(self) -> None:
        desk = reverse("desk")
        self.assertRedirects(self.give(code_of(self.device), next=desk), desk)

    def test_it_leads_to_no_foreign_site(self) -> None:
        response = self.give(code_of(self.device), next="https://elsewhere.example/")
        self.assertRedirects(response, reverse("profile_page"))

    def test_a_code_works_once(self) -> None:
        code = code_of(self.device)
        self.assertIsNotNone(second_factor.verify_code(self.office, code))
        self.assertIsNone(second_factor.verify_code(self.office, code))

    def test_a_recovery_code_works_once_however_it_is_typed(self) -> None:
        self.assertIsNotNone(second_factor.verify_code(self.office, self.codes[0].upper().replace("-", " ")))
        self.assertIsNone(second_factor.verify_code(self.office, self.codes[0]))
        self.assertTrue(Entry.objects.filter(action="users.recovery_code_used").exists())

    def test_a_recovery_code_of_somebody_else_does_not_work(self) -> None:
        _, others = self.set_up(self.ada)
        self.assertIsNone(second_factor.verify_code(self.office, others[0]))

    def test_after_wrong_codes_even_the_right_one_has_to_wait(self) -> None:
        self.guess_often(self.office)
        response = self.give(code_of(self.device))
        self.assertContains(response, "wait a moment")
        self.assertContains(self.give(self.codes[0]), "wait a moment")
        self.assertEqual(RecoveryCode.objects.filter(user=self.office).count(), 10)

    def test_another_browser_has_to_show_it_too(self) -> None:
        self.give(code_of(self.device))
        other = self.browser_of(self.office)
        self.assertEqual(other.get(reverse("desk")).status_code, 302)


class RemovingTest(SecondFactorTestCase):
    def setUp(self) -> None:
        self.device, self.codes = self.set_up(self.office)
        self.log_in(self.office)
        self.client.post(reverse("second_factor_verify"), {"code": code_of(self.device)})

    def test_removing_it_needs_the_password(self) -> None:
        self.assertEqual(self.client.post(reverse("second_factor_remove"), {"password": "guessed"}).status_code, 200)
        self.assertIsNotNone(second_factor.device_of(self.office))
        self.client.post(reverse("second_factor_remove"), {"password": make.PASSWORD})
        self.assertIsNone(second_factor.device_of(self.office))
        self.assertFalse(RecoveryCode.objects.filter(user=self.office).exists())

    def test_new_codes_end_the_old_ones_and_need_the_password(self) -> None:
        self.client.post(reverse("second_factor_codes"), {"password": "guessed"})
        self.assertEqual(
            RecoveryCode.objects.get(digest=second_factor.recovery_code_digest(self.codes[0])).user, self.office
        )
        response = self.client.post(reverse("second_factor_codes"), {"password": make.PASSWORD})
        self.assertContains(response, "Your recovery codes")
        self.assertIsNone(second_factor.verify_code(self.office, self.codes[0]))

    def test_the_office_takes_it_off_for_somebody_who_lost_everything_and_says_why(self) -> None:
        browser: Client = self.browser_of(self.ada)
        url = f"{reverse('admin:users_user_deed', args=['second-factor'])}?people={self.office.pk}"
        self.assertContains(browser.get(url), "Turn off two-step verification")
        browser.post(url, {"why": "telephone stolen, came to the desk"})
        self.assertIsNone(second_factor.device_of(self.office))
        entry = Entry.objects.get(action="users.second_factor_removed")
        self.assertEqual((entry.actor_id, entry.why), (self.ada.pk, "telephone stolen, came to the desk"))
        self.assertIn("password alone", post.last_mail(self.office.email).body)

    def test_only_those_of_the_office_are_led_to_it_from_their_profile(self) -> None:
        self.assertContains(self.client.get(reverse("profile_page")), reverse("second_factor"))
        self.log_in(self.alice)
        self.assertNotContains(self.client.get(reverse("profile_page")), reverse("second_factor"))
