from django.test import override_settings
from django.urls import reverse

from history.models import Entry
from tests import factories
from tests.base import PASSWORD, SchoolTestCase
from tests.users import mail_links
from users.domain import accounts, consents


class ProfileTest(SchoolTestCase):
    def test_query_count_does_not_grow_with_the_number_of_students_in_care(self) -> None:
        self.log_in(self.gus)
        numbers = iter(range(100))

        def children(count: int) -> None:
            for _ in range(count):
                factories.create_child(self.gus, f"Child {next(numbers)}", offered_to=self.gus)

        self.assertSameQueries(reverse("profile_page"), children)

    def test_name_is_changed_and_empty_first_name_is_refused(self) -> None:
        self.log_in(self.alice)
        page = self.client.post(reverse("user_update"), {"first_name": " ", "last_name": "Typed"})
        self.assertIn("first_name", page.context["form"].errors)
        self.assertContains(page, 'value="Typed"')
        self.client.post(reverse("user_update"), {"first_name": "Ålice", "last_name": ""})
        self.alice.refresh_from_db()
        self.assertEqual(str(self.alice), "Ålice")

    def test_profile_of_another_person_is_visible_only_to_the_guardian_and_the_office(self) -> None:
        pages = [
            reverse("profile_user", args=[self.alice.pk]),
            reverse("profile_student", args=[self.student.pk]),
            reverse("profile_student", args=[self.kit.pk]),
        ]
        for path in pages:
            with self.subTest(path):
                self.assertEqual(self.browser_of(self.sam).get(path).status_code, 404)
                self.assertEqual(self.browser_of(self.tess).get(path).status_code, 404)
                self.assertContains(self.browser_of(self.ada).get(path), "")
        self.assertContains(self.browser_of(self.gus).get(pages[2]), "Kit Gray")

    def test_own_account_id_redirects_to_own_profile(self) -> None:
        self.log_in(self.alice)
        self.assertRedirects(self.client.get(reverse("profile_user", args=[self.alice.pk])), reverse("profile_page"))

    def test_hidden_staff_profile_is_visible_only_to_its_owner_and_the_office(self) -> None:
        path = reverse("profile_staff", args=[self.tess.pk])
        self.assertContains(self.client.get(path), "Teaches Balboa")
        self.tess.staff.listing = -1
        self.tess.staff.save()
        statuses = {name: self.browser_of(getattr(self, name)).get(path).status_code for name in ("sam", "tess", "ada")}
        self.assertEqual(statuses, {"sam": 404, "tess": 200, "ada": 200})
        self.assertEqual(self.client.get(path).status_code, 404)


@override_settings(CONSENT_VERSIONS="tests.users.consent_versions.first")
class ConsentTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.alice)

    def test_consent_can_be_given_withdrawn_and_given_again_and_history_is_kept(self) -> None:
        terms, privacy = (text.version for text in consents.missing_consents(self.alice))
        self.assertContains(
            self.client.get(reverse("profile_page")),
            f"the updated terms: the terms of use (version {terms}) and the privacy notice (version {privacy}).",
        )
        for kind in ("terms", "privacy"):
            self.client.post(reverse("consent_give", args=[kind]))
        self.assertNotContains(self.client.get(reverse("profile_page")), "Please accept the updated terms")
        self.client.post(reverse("consent_withdraw", args=["terms"]))
        self.assertEqual([text.kind for text in consents.missing_consents(self.alice)], ["terms"])
        self.client.post(reverse("consent_give", args=["terms"]))
        history = self.alice.consents.filter(kind="terms")
        self.assertEqual([bool(consent.withdrawn_at) for consent in history], [False, True])

    def test_giving_consent_twice_records_it_once(self) -> None:
        for _ in range(2):
            self.client.post(reverse("consent_give", args=["terms"]))
        self.assertEqual(self.alice.consents.count(), 1)

    def test_consent_to_unknown_text_is_not_found(self) -> None:
        self.assertEqual(self.client.post(reverse("consent_give", args=["pizza"])).status_code, 404)

    def test_query_count_does_not_grow_with_the_consent_history(self) -> None:
        numbers = iter(range(100))

        def old_versions(count: int) -> None:
            for _ in range(count):
                consents.give_consents(self.alice, {"terms": f"old-{next(numbers)}"})

        self.assertSameQueries(reverse("my_consents"), old_versions)


class AccountClosingTest(SchoolTestCase):
    def test_owner_closes_account_and_is_notified(self) -> None:
        self.log_in(self.alice)
        other_browser = self.browser_of(self.alice)
        page = self.client.post(reverse("account_close"), {"sure": "on", "password": PASSWORD}, follow=True)
        self.assertContains(page, "Your account is closed")
        self.assertEqual(other_browser.get(reverse("profile_page")).status_code, 302)
        self.assertTrue(Entry.objects.filter(action="users.account_closed", actor_id=self.alice.pk).exists())
        self.assertIn("is closed", mail_links.last_mail(self.alice.email).body)

    def test_closing_needs_the_password_and_a_checked_box(self) -> None:
        self.log_in(self.alice)
        page = self.client.post(reverse("account_close"), {"password": "guessed"})
        self.assertEqual(set(page.context["form"].errors), {"sure", "password"})
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.is_active)

    def test_office_reopens_a_closed_account(self) -> None:
        accounts.close_account(self.ada, self.alice, why="asked by phone")
        accounts.reopen_account(self.ada, self.alice)
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.is_active)
