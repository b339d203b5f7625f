"""Only people who have access to a resource can download its file, with every HTTP method and from either storage."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from django.test import override_settings, tag
from django.utils import timezone

from billing.domain.cancellations import line_cancellation
from billing.domain.refunds import reservations
from billing.models import Order
from classwork.domain.resources import releases
from classwork.models import Release, Resource
from common import dates
from outbox.testing import run_all
from registrations.domain import spots
from registrations.models import Registration
from tests.classwork import resource_factories
from tests.classwork.resource_case import FILM, Given
from tests.private_files import InBucket, InFolder, answer
from tests.registrations import purchases
from users.models import User

WAYS: list[tuple[str, dict[str, str]]] = [("get", {}), ("get", {"range": "bytes=0-9"}), ("head", {})]


class FileAccessTests:
    """Tests that hold for every storage. `given` are the three status codes for a person who has access."""

    given: list[int]
    refused = [404, 404, 404]

    def film(self, **changed: Any) -> Resource:
        return self.give(**changed)

    def request_file(self, resource: Resource, person: User | None) -> list[int]:
        browser, statuses = self.browser_of(person), []
        for method, headers in WAYS:
            response = getattr(browser, method)(f"/resource/{resource.pk}/file", headers=headers)
            answer(response)
            statuses.append(response.status_code)
        return statuses

    def register(self, **how: Any) -> Registration:
        order = purchases.place(purchases.cart((self.class_offer, purchases.me()), payer=self.alice), **how)
        if not how:
            purchases.pay(order)
        run_all()
        return Registration.objects.get(student=self.student)

    def test_student_of_the_class_gets_the_file_and_other_people_do_not(self) -> None:
        resource = self.film()
        self.assertEqual(self.request_file(resource, self.alice), self.refused)
        self.register()
        self.assertEqual(self.request_file(resource, self.alice), self.given)
        for person in (None, self.sam, self.gus, self.ash):
            with self.subTest(person):
                self.assertEqual(self.request_file(resource, person), self.refused)
        for guessed in (resource.pk + 1, 999_999):
            self.assertEqual(self.client.get(f"/resource/{guessed}/file").status_code, 404)

    def test_guardian_gets_the_files_of_their_child(self) -> None:
        resource = self.film()
        resource_factories.create_registration(self.kit, self.class_offer)
        self.assertEqual(self.request_file(resource, self.gus), self.given)

    def test_file_is_available_only_while_the_release_is_open(self) -> None:
        resource = self.film(when="class", class_number=1)
        self.register()
        self.assertEqual(self.request_file(resource, self.alice), self.refused)
        release = Release.objects.get(resource=resource)
        yesterday = dates.local_today() - timedelta(days=1)
        for change, expected in (
            (lambda: releases.release_now(self.tess, release), self.given),
            (lambda: releases.hold_release(self.tess, release), self.refused),
            (lambda: releases.reset_release(self.tess, release), self.refused),
            (lambda: self.update_release(release, opens_at=timezone.now() - timedelta(days=9)), self.given),
            (lambda: self.update_release(release, last_day=yesterday), self.refused),
        ):
            self.check_access_after(change, resource, expected)

    def update_release(self, release: Release, **values: Any) -> None:
        Release.objects.filter(pk=release.pk).update(**values)

    def check_access_after(self, change: Callable[[], object], resource: Resource, expected: list[int]) -> None:
        change()
        self.assertEqual(self.request_file(resource, self.alice), expected)

    def test_pay_at_the_door_gets_the_file_at_once_or_after_payment_as_the_school_sets(self) -> None:
        resource = self.film()
        self.register(due="door")
        for at_once, expected in ((True, self.given), (False, self.refused)):
            with override_settings(OPEN_BEFORE_PAID=at_once):
                self.assertEqual(self.request_file(resource, self.alice), expected)

    def test_disputed_and_refunded_registrations_get_no_file(self) -> None:
        resource = self.film()
        registration = self.register()
        spots.suspend_spot(registration, why="Disputed")
        self.assertEqual(self.request_file(resource, self.alice), self.refused)
        spots.resume_spot(Registration.objects.get())
        self.assertEqual(self.request_file(resource, self.alice), self.given)
        order = Order.objects.get(pk=registration.line.order_id)
        reservations.refund_by_staff(order, order.amount_charged, why="A present", by=self.ada)
        run_all()
        self.assertEqual(self.request_file(resource, self.alice), self.refused)

    def test_canceled_registration_gets_no_file(self) -> None:
        resource = self.film()
        registration = self.register()
        line_cancellation.cancel_line(registration.line, at=timezone.now(), why="Moved away")
        self.assertEqual(self.request_file(resource, self.alice), self.refused)


@tag("once")
class FileAccessFromFolderTest(FileAccessTests, InFolder, Given):
    given = [200, 206, 200]


@tag("once")
class FileAccessFromBucketTest(FileAccessTests, InBucket, Given):
    given = [302, 302, 302]

    def test_signed_link_of_a_student_downloads_the_video_and_is_needed_for_it(self) -> None:
        resource = self.film()
        self.register()
        link = self.browser_of(self.alice).get(f"/resource/{resource.pk}/file").headers["Location"]
        self.assertIn("X-Amz-Expires=690", link)
        self.assertEqual(requests.get(link, timeout=5).content, FILM)
        self.assertEqual(requests.get(link.partition("?")[0], timeout=5).status_code, 403)
