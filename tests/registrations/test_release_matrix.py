"""For every combination, access to resources equals an independent calculation of a few lines."""

from datetime import date, datetime, time, timedelta
from itertools import product

from django.test import tag

from classwork.domain.resources import releases
from classwork.domain.schedule import meetings
from classwork.models import Attachment, ClassOffer, Meeting, Resource
from common import dates
from registrations.domain.library import access, shelves
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork import resource_factories
from users.models import User

WEEK = timedelta(weeks=1)
CLASSES = [(1, None, None), (1, None, 0), *product((4,), (None, 1), (None, 0, -1))]  # weeks, skipped, cancelled
MOMENTS = ((0, 0), (0, 1), (1, 1), (3, 0), (3, 1), (6, 1))  # weeks and hours after the first class began
EXPIRIES, AUDIENCES, WAYS = (None, 1, 2), ("public", "student", "teacher", "admin"), ("subject", "class_offer", "both")


class ExpectedReleases:
    """A class as the list of its days and those that are skipped or canceled."""

    def __init__(self, first: date, clock: time, weeks: int, skipped: int | None, canceled: int | None) -> None:
        skip = {first + skipped * WEEK} if skipped is not None and skipped < weeks else set()
        self.days = [first + n * WEEK for n in range(weeks + len(skip))]
        classes = [day for day in self.days if day not in skip]
        self.off = skip | ({classes[canceled]} if canceled is not None else set())
        self.clock = clock

    def opening(self, when: str, number: int | None) -> datetime:
        held = [day for day in self.days if day not in self.off]
        n = {"sign_up": 1, "class": number, "completion": 99}[when] or 0
        if when != "completion" and n <= len(held):
            return dates.local_moment(held[n - 1], self.clock)
        return dates.local_moment(self.days[-1], self.clock)

    def is_open(self, resource: Resource, at: datetime) -> bool:
        opening = self.opening(resource.when, resource.class_number)
        if resource.when != "sign_up" and at < opening:
            return False
        last, left = dates.to_local_time(opening).date(), resource.expires_after
        while left:
            left -= not any(last < day <= last + WEEK for day in self.off)
            last += WEEK
        return resource.expires_after is None or dates.to_local_time(at).date() <= last


@tag("once", "long")
class ReleaseMatrixTest(SchoolTestCase):
    def test_library_matches_an_independent_calculation_for_every_person_and_moment(self) -> None:
        for weeks, skipped, canceled in CLASSES:
            with self.subTest(weeks=weeks, skipped=skipped, canceled=canceled):
                self.check_class(weeks, skipped, canceled)

    def check_class(self, weeks: int, skipped: int | None, canceled: int | None) -> None:
        subject = factories.create_subject("L2", num_weeks=weeks, num_minutes=60)
        one, two = self.classes(subject, weeks, skipped, canceled)
        resources = self.attach_all(weeks, one)
        expected_releases = [
            self.expected_releases(one, weeks, skipped, canceled),
            self.expected_releases(two, weeks, None, None),
        ]
        self.place(one, two)
        guest, evening = self.guest(one)
        start = one.meetings.order_by("starts_at")[0].starts_at
        for moment in (start + n * WEEK + timedelta(hours=h) for n, h in MOMENTS):
            for person, taken in ((self.alice, expected_releases), (self.gus, expected_releases[1:]), (self.sam, [])):
                expected = {pk for pk, (each, way) in resources.items()
                            if self.expects(each, way, taken, expected_releases, moment)}  # fmt: skip
                self.assertEqual(self.seen(person, moment, set(resources)), expected, (person, moment))
            expected = {pk for pk, (each, way) in resources.items()
                        if self.expects(each, way, [], expected_releases, moment)
                        or self.expects_of_guest(each, expected_releases[0], evening, moment)}  # fmt: skip
            self.assertEqual(self.seen(guest, moment, set(resources)), expected, ("guest", moment))

    def guest(self, one: ClassOffer) -> tuple[User, Meeting]:
        """Return an account with a ticket for the second day of the class, or for its only day."""
        evening = list(one.meetings.order_by("starts_at"))[:2][-1]
        account = factories.create_account(f"guest{one.pk}@example.org", "Guest")
        resource_factories.ticket(factories.create_student(account), evening)
        return account, evening

    def expects_of_guest(self, each: Resource, one: "ExpectedReleases", evening: Meeting, moment: datetime) -> bool:
        """A ticket opens only what opens after its class day, unless that day is canceled."""
        if each.when != "class" or each.audience not in ("public", "student") or evening.local_date in one.off:
            return False
        return one.opening("class", each.class_number) == evening.ends_at and one.is_open(each, moment)

    def expects(self, each: Resource, way: str, taken: list, every: list, moment: datetime) -> bool:
        """A resource attached to a class is attached to the first of the two classes only."""
        reach = every[:1] if way == "class_offer" else every
        if each.audience == "public" and each.when != "sign_up" and any(one.is_open(each, moment) for one in reach):
            return True
        through = [one for one in taken if one in reach]
        return each.audience in ("public", "student") and any(one.is_open(each, moment) for one in through)

    def seen(self, person: User, moment: datetime, among: set[int]) -> set[int]:
        first = shelves.build_library(person, moment)
        turned = (
            shelves.build_library(person, moment, number=number)
            for number in range(2, first.page.paginator.num_pages + 1)
        )
        pages = [first, *turned]
        opened = {item.resource.pk for page in pages for item in page.open_items}
        opened |= {one.pk for page in pages for one in page.unattached}
        probe = min(among)
        self.assertEqual(access.find_accessible_resource(person, probe, moment) is not None, probe in opened)
        return opened & among

    def classes(self, subject, weeks: int, skipped: int | None, canceled: int | None) -> list[ClassOffer]:
        first = factories.create_class_offer(self.session, subject, class_day=3, start_time=time(18))
        if skipped is not None and skipped < weeks:
            day = first.meetings.get(number=skipped + 1).local_date
            first.delete()
            first = factories.create_class_offer(
                self.session, subject, class_day=3, start_time=time(18), skipped=(day,)
            )
        if canceled is not None:
            meetings.cancel_meeting(None, list(first.meetings.order_by("starts_at"))[canceled], "Snow")
        return [first, factories.create_class_offer(self.session, subject, class_day=4, start_time=time(20))]

    def expected_releases(
        self, class_offer: ClassOffer, weeks: int, skipped: int | None, canceled: int | None
    ) -> ExpectedReleases:
        ends = time(class_offer.start_time.hour + 1)
        return ExpectedReleases(
            class_offer.meetings.get(number=1).local_date, ends, weeks, skipped if skipped != 0 else None, canceled
        )

    def attach_all(self, weeks: int, class_offer: ClassOffer) -> dict[int, tuple[Resource, str]]:
        moments = [("sign_up", None), ("completion", None), *(("class", n) for n in (1, 2, weeks, 6))]
        every = list(product(dict.fromkeys(moments), EXPIRIES, AUDIENCES, WAYS))
        made = Resource.objects.bulk_create(
            Resource(title="Step", kind="text", text="x", audience=audience, when=when, class_number=number,
                     expires_after=expiry, manager_approved=True)
            for (when, number), expiry, audience, _ in every
        )  # fmt: skip
        ways = [way for *_, way in every]
        Attachment.objects.bulk_create(
            Attachment(resource=each, **to)
            for each, way in zip(made, ways, strict=True)
            for to in ({"subject": class_offer.subject}, {"class_offer": class_offer})
            if way in (next(iter(to)), "both")
        )
        releases.rebuild_after_attachment(class_offer, class_offer.subject)
        return {each.pk: (each, way) for each, way in zip(made, ways, strict=True)}

    def place(self, one: ClassOffer, two: ClassOffer) -> None:
        for student, class_offer in ((self.student, one), (self.student, two), (self.kit, two)):
            resource_factories.create_registration(student, class_offer)
