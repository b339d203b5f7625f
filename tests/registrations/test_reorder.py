from datetime import timedelta

from django.utils import timezone

from billing.models import Order
from classwork.models import ClassRole
from registrations.domain.line_details import AttendeeDetails
from tests.base import SchoolTestCase
from tests.registrations import purchases


class OrderAgainTest(SchoolTestCase):
    def test_expired_order_is_restored_with_people_and_answers_but_without_office_notes(self) -> None:
        for name in ("Lead", "Follow"):
            ClassRole.objects.create(class_offer=self.class_offer, name=name)
        order = purchases.cart((self.class_offer, purchases.of(self.kit)), payer=self.gus)
        line = order.lines.get()
        answers = AttendeeDetails(purchases.of(self.kit), "ready", "A poster").as_json()
        line.details, line.role, line.over_capacity = answers, "Lead", True
        line.save()
        purchases.place(order)
        Order.objects.filter(pk=order.pk).update(held_until=timezone.now() - timedelta(minutes=1))
        self.log_in(self.gus)
        page = self.client.post(f"/order/{order.pk}/again/", follow=True)
        self.assertContains(page, "Kit Gray (Lead)")
        line = Order.objects.get(state="cart").lines.get()
        self.assertEqual((line.details, line.role, line.over_capacity), (answers, "Lead", False))
