"""Teachers see the level and history of students in their current and upcoming classes."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from classwork.models import Meeting
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, pay, place


class TaughtStudentTest(SchoolTestCase):
    def setUp(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        self.path = reverse("taught_student", args=[self.student.pk])
        self.log_in(self.tess)

    def move(self, **delta: float) -> None:
        """Move all meetings of the class so that the last one ends this much time from now."""
        last = self.class_offer.meetings.last()
        shift = timezone.now() + timedelta(**delta) - last.ends_at
        for meeting in self.class_offer.meetings.all():
            Meeting.objects.filter(pk=meeting.pk).update(
                starts_at=meeting.starts_at + shift, ends_at=meeting.ends_at + shift
            )

    def test_teacher_sees_a_student_before_and_during_the_class(self) -> None:
        self.assertEqual(self.client.get(self.path).status_code, 200)
        self.move(minutes=5)
        self.assertEqual(self.client.get(self.path).status_code, 200)

    def test_teacher_cannot_see_a_student_after_the_class_is_over(self) -> None:
        self.move(minutes=-5)
        self.assertEqual(self.client.get(self.path).status_code, 404)
        roster = self.client.get(reverse("participants", args=[self.class_offer.pk]))
        self.assertContains(roster, "Alice")
        self.assertNotContains(roster, self.path)

    def test_class_with_a_canceled_last_meeting_is_over_after_the_one_before(self) -> None:
        last = self.class_offer.meetings.last()
        self.move(days=6)
        Meeting.objects.filter(pk=last.pk).update(canceled_at=timezone.now())
        self.assertEqual(self.client.get(self.path).status_code, 404)


class ForbiddenTest(SchoolTestCase):
    def test_forbidden_page_links_a_teacher_to_teaching(self) -> None:
        self.log_in(self.tess)
        self.assertContains(self.client.get(reverse("desk")), f'href="{reverse("teaching")}"', status_code=403)
        page = self.client.get(reverse("desk")).content.decode().partition('class="error-page"')[2]
        self.assertIn("Teaching", page)

    def test_forbidden_page_does_not_link_other_members_to_teaching(self) -> None:
        self.log_in(self.alice)
        page = self.client.get(reverse("desk"))
        self.assertEqual(page.status_code, 403)
        self.assertNotIn("Teaching", page.content.decode().partition('class="error-page"')[2])
