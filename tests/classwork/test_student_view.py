"""Teachers can preview the resources of a class as a student sees them after any of its meetings."""

from typing import Any

from django.test import tag
from django.urls import reverse

from classwork.domain.resources import releases, student_view
from classwork.domain.schedule import meetings
from classwork.models import ClassOffer, Release
from tests.base import SchoolTestCase
from tests.classwork import resource_factories


@tag("once")
class StudentPreviewTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.tess)
        for title, values in {
            "At once": {"expires_after": 1},
            "Second": {"when": "class", "class_number": 2},
            "Last": {"when": "completion"},
            "Notes": {"audience": "teacher"},
        }.items():
            resource_factories.resource(title, self.class_offer, **values)

    def states_in_week(self, number: int) -> dict[str, str]:
        class_offer = ClassOffer.objects.get(pk=self.class_offer.pk)
        week = student_view.viewing_moments(class_offer)[number]
        return {str(release.resource): state for release, state in student_view.resources_at(class_offer, week.at)}

    def page(self, **query: Any) -> Any:
        return self.client.get(reverse("resources_as_student", args=[self.class_offer.pk]), query)

    def test_each_week_shows_the_resources_open_then(self) -> None:
        self.assertEqual(self.states_in_week(0), {"At once": "open", "Second": "locked", "Last": "locked"})
        self.assertEqual(self.states_in_week(2), {"At once": "open", "Second": "open", "Last": "locked"})
        self.assertEqual(self.states_in_week(3), {"At once": "gone", "Second": "open", "Last": "locked"})
        self.assertEqual(self.states_in_week(5), {"At once": "gone", "Second": "open", "Last": "open"})

    def test_resource_held_back_by_the_teacher_is_shown_on_hold(self) -> None:
        releases.hold_release(self.tess, Release.objects.get(resource__title="Second"))
        self.assertEqual(self.states_in_week(3)["Second"], "held")
        self.assertContains(self.client.get(reverse("class_resources", args=["class", self.class_offer.pk])), "On hold")

    def test_canceled_meetings_are_not_weeks(self) -> None:
        meetings.cancel_meeting(None, self.class_offer.meetings.first(), "Snow")
        self.assertEqual(len(student_view.viewing_moments(ClassOffer.objects.get(pk=self.class_offer.pk))), 5)

    def test_preview_starts_before_the_class_and_opens_any_week(self) -> None:
        self.assertContains(self.page(), "before it begins")
        page = self.page(week=3)
        self.assertContains(page, "after class 3")
        self.assertContains(page, "Was open until")
        self.assertContains(self.page(week="x"), "before it begins")
        self.class_offer.meetings.all().delete()
        self.assertContains(self.page(), "No resources for students")
