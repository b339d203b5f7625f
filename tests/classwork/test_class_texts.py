"""Sentences about classes and resources that the pages show."""

from datetime import date, time
from decimal import Decimal

from django.test import SimpleTestCase, tag

from classwork.domain.resources.attachments import AttachedResource
from classwork.domain.resources.student_view import PlannedResource
from classwork.models import ClassOffer, Release, Resource
from classwork.templatetags.classes import single_class_invitation, single_class_prices
from common import dates


@tag("once")
class ClassTextTest(SimpleTestCase):
    def texts(self, drop_in: int | None, trial: int | None) -> tuple[str, str]:
        prices = [None if price is None else Decimal(price) for price in (drop_in, trial)]
        class_offer = ClassOffer(drop_in_price=prices[0], trial_price=prices[1])
        return single_class_invitation(class_offer), single_class_prices(class_offer)

    def test_invitation_to_a_single_class_names_the_trial_first(self) -> None:
        self.assertEqual(self.texts(15, None), ("Drop in for $15.00", "$15.00"))
        self.assertEqual(self.texts(15, 0), ("Try one class, free", "$15.00, trial free"))
        self.assertEqual(self.texts(None, 5), ("Try one class for $5.00", "trial $5.00"))

    def schedule(self, expires_after: int | None, release: Release | None) -> str:
        resource = Resource(kind=Resource.Kind.VIDEO)
        attached = AttachedResource(resource, "class", 2, expires_after, 0, hidden=False, inherited=False)
        return PlannedResource(attached, release).schedule_text

    def test_schedule_of_a_resource_names_its_first_and_last_day(self) -> None:
        opens_at, last_day = dates.local_moment(date(2026, 12, 22), time(12)), date(2026, 12, 29)
        self.assertEqual(self.schedule(None, None), "Video, after class 2")
        self.assertEqual(self.schedule(1, None), "Video, after class 2, expires after 1 week")
        self.assertEqual(self.schedule(3, None), "Video, after class 2, expires after 3 weeks")
        self.assertEqual(
            self.schedule(1, Release(opens_at=opens_at, last_day=last_day)),
            "Video, after class 2: Tue, Dec 22, 2026, stays until Tue, Dec 29, 2026",
        )
