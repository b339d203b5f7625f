from typing import Any

from django.urls import reverse

from history.models import Entry
from tests import factories
from tests.base import SchoolTestCase
from tests.users import mail_links
from users.domain import accounts, guardianship
from users.models import Student, User

KIT_EMAIL = "kit@example.org"


class StudentsInCareTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.gus)

    def post_form(self, name: str, *args: Any, **data: Any) -> Any:
        return self.client.post(reverse(name, args=args), data, follow=True)

    def test_guardian_adds_edits_and_removes_student(self) -> None:
        self.post_form("care_add", first_name=" Leo  Maria", last_name="Gray", born_on="2015-02-28", notes="Peanuts")
        leo = self.gus.in_care.get(first_name="Leo Maria")
        self.assertEqual((str(leo.born_on), leo.notes), ("2015-02-28", "Peanuts"))
        self.post_form("care_edit", leo.pk, first_name="Leo", last_name="Gray")
        leo.refresh_from_db()
        self.assertEqual(leo.first_name, "Leo")
        self.post_form("care_remove", leo.pk)
        self.assertFalse(Student.objects.filter(pk=leo.pk).exists())
        self.assertTrue(Entry.objects.filter(action="users.student_removed", subject_id=leo.pk).exists())

    def test_duplicate_name_in_care_is_refused_regardless_of_case_and_spaces(self) -> None:
        page = self.post_form("care_add", first_name="KIT ", last_name=" gray")
        self.assertIn("first_name", page.context["form"].errors)
        self.assertContains(page, 'value="KIT "')
        leo = factories.create_child(self.gus, "Leo", "Gray")
        page = self.post_form("care_edit", leo.pk, first_name="Kit", last_name="Gray")
        self.assertIn("first_name", page.context["form"].errors)

    def test_birthday_in_the_future_is_refused(self) -> None:
        page = self.post_form("care_add", first_name="Leo", born_on="2999-01-01")
        self.assertIn("born_on", page.context["form"].errors)

    def test_students_of_another_guardian_are_not_found(self) -> None:
        self.log_in(self.sam)
        for name in ("care_edit", "care_remove", "care_hand_over", "care_take_back"):
            with self.subTest(name):
                self.assertEqual(self.post_form(name, self.kit.pk, first_name="X", email=KIT_EMAIL).status_code, 404)

    def test_own_record_form_creates_student_record_for_account_holder(self) -> None:
        self.post_form("own_record", born_on="", notes="Left knee")
        own = Student.objects.get(user=self.gus)
        self.assertEqual((str(own), own.email, own.notes), ("Gus Gray", self.gus.email, "Left knee"))

    def test_renaming_account_renames_own_student_record(self) -> None:
        self.log_in(self.alice)
        self.post_form("user_update", first_name="Alicia", last_name="Arden")
        self.student.refresh_from_db()
        self.assertEqual(str(self.student), "Alicia Arden")


class StudentHandoverTest(SchoolTestCase):
    def hand_over(self, email: str = KIT_EMAIL) -> Any:
        guardian_browser = self.browser_of(self.gus)
        return guardian_browser.post(reverse("care_hand_over", args=[self.kit.pk]), {"email": email}, follow=True)

    def answer_handover(self, answer: str) -> Any:
        return self.client.post(reverse("offer_answer", args=[self.kit.pk]), {"answer": answer}, follow=True)

    def test_student_claims_record_with_link_mailed_to_own_address(self) -> None:
        self.hand_over(" Kit@Example.ORG")
        self.assertEqual(mail_links.mails_to(self.gus.email), [])
        self.kit.refresh_from_db()
        self.assertEqual(self.kit.guardian, self.gus)
        mail_links.choose(self.client, mail_links.account_link(KIT_EMAIL))
        self.assertContains(self.client.get(reverse("profile_page")), "That’s me")
        self.answer_handover("me")
        self.kit.refresh_from_db()
        self.assertEqual((self.kit.user, self.kit.guardian), (User.objects.get(email=KIT_EMAIL), None))
        self.assertIn("their own account", mail_links.last_mail(self.gus.email).body)
        self.assertEqual(self.browser_of(self.gus).get(reverse("care_edit", args=[self.kit.pk])).status_code, 404)

    def test_recipient_who_does_not_know_student_declines_and_guardian_stays(self) -> None:
        self.hand_over(self.sam.email)
        self.log_in(self.sam)
        self.answer_handover("unknown")
        self.kit.refresh_from_db()
        self.assertEqual((self.kit.guardian, self.kit.offered_to), (self.gus, None))
        self.assertIn("doesn’t know Kit Gray", mail_links.last_mail(self.gus.email).body)

    def test_recipient_can_become_the_new_guardian(self) -> None:
        self.hand_over(self.sam.email)
        self.log_in(self.sam)
        self.answer_handover("care")
        self.kit.refresh_from_db()
        self.assertEqual(self.kit.guardian, self.sam)

    def test_recipient_with_own_record_previews_and_confirms_merge(self) -> None:
        self.hand_over(self.alice.email)
        self.log_in(self.alice)
        page = self.answer_handover("me")
        self.assertContains(page, "The record of Kit Gray will be combined with Alice Arden.")
        self.assertTrue(Student.objects.filter(pk=self.kit.pk, guardian=self.gus).exists())
        self.client.post(page.request["PATH_INFO"])
        self.assertFalse(Student.objects.filter(pk=self.kit.pk).exists())
        self.assertEqual(Student.objects.get(user=self.alice), self.student)
        mail = mail_links.last_mail(self.gus.email)
        self.assertIn("no longer in your care", mail.body)
        self.assertNotIn("Alice", mail.subject + mail.body)

    def test_student_is_merged_with_same_named_student_in_recipients_care(self) -> None:
        own = factories.create_child(self.sam, "Kit", "Gray")
        self.hand_over(self.sam.email)
        self.log_in(self.sam)
        page = self.answer_handover("care")
        self.client.post(page.request["PATH_INFO"])
        self.assertEqual(list(self.sam.in_care.all()), [own])
        self.assertFalse(self.gus.in_care.exists())

    def test_merge_page_is_not_found_for_recipient_without_matching_record(self) -> None:
        self.hand_over(self.sam.email)
        self.log_in(self.sam)
        for answer in ("me", "care", "unknown", "nonsense"):
            page = self.client.post(reverse("offer_join", args=[self.kit.pk, answer]))
            self.assertEqual(page.status_code, 404, answer)

    def test_handover_cannot_be_answered_by_another_account(self) -> None:
        self.hand_over()
        self.log_in(self.sam)
        self.assertEqual(self.answer_handover("me").status_code, 404)

    def test_unknown_answer_to_handover_is_not_found(self) -> None:
        self.hand_over(self.sam.email)
        self.log_in(self.sam)
        self.assertEqual(self.answer_handover("perhaps").status_code, 404)

    def test_withdrawn_handover_can_no_longer_be_answered(self) -> None:
        self.hand_over(self.sam.email)
        self.browser_of(self.gus).post(reverse("care_take_back", args=[self.kit.pk]))
        self.log_in(self.sam)
        self.assertEqual(self.answer_handover("me").status_code, 404)

    def test_guardian_sees_same_page_for_known_unknown_and_closed_accounts(self) -> None:
        accounts.close_account(self.ada, self.sam)
        pages = {
            mail_links.masked(self.hand_over(email)) for email in (self.alice.email, "new@example.org", self.sam.email)
        }
        self.assertEqual(len(pages), 1)
        self.assertIn("is closed", mail_links.last_mail(self.sam.email).body)

    def test_handover_withdrawn_before_mail_is_sent_sends_no_mail(self) -> None:
        self.hand_over(self.sam.email)
        self.browser_of(self.gus).post(reverse("care_take_back", args=[self.kit.pk]))
        self.assertEqual(mail_links.mails_to(self.sam.email), [])

    def test_handover_to_guardians_own_address_is_refused(self) -> None:
        self.assertIn("email", self.hand_over("GUS@example.org").context["form"].errors)

    def test_account_created_by_handover_has_students_name(self) -> None:
        guardianship.offer_own_account(self.gus, self.kit, KIT_EMAIL)
        self.assertEqual(str(User.objects.get(email=KIT_EMAIL)), "Kit Gray")
