"""Discount codes that are valid for one class only."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.errors import DiscountCodeRefused
from billing.models import DiscountCode
from classwork.models import ClassOffer
from registrations.domain.line_details import AttendeeDetails
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations import purchases, started_classes


class ClassCodeTest(SchoolTestCase):
    def test_office_chooses_among_classes_that_are_not_over(self) -> None:
        self.log_in(self.ada)
        page = self.client.get("/admin/billing/discountcode/add/")
        self.assertContains(page, f'<option value="class:{self.class_offer.pk}">{self.class_offer}</option>', html=True)
        self.assertContains(page, '<option value="class:parts">All drop-ins and trials</option>', html=True)
        long_ago = timedelta(days=400)
        self.class_offer.meetings.update(starts_at=F("starts_at") - long_ago, ends_at=F("ends_at") - long_ago)
        self.assertNotContains(
            self.client.get("/admin/billing/discountcode/add/"), f'value="class:{self.class_offer.pk}"'
        )

    def test_code_for_another_class_names_that_class(self) -> None:
        other = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        DiscountCode.objects.create(code="b", percent=10, kind="class", product_id=other.pk)
        cart = purchases.cart((self.class_offer, purchases.me()))
        with self.assertRaisesMessage(DiscountCodeRefused, "This code is for Beginning B. Add it to your cart"):
            carts.set_discount_code(cart, "b", timezone.now())
        carts.add_line(cart, "class", other.pk, AttendeeDetails(purchases.me()).as_json())
        self.assertIsNotNone(carts.set_discount_code(cart, "b", timezone.now()))

    def test_code_for_drop_ins_fits_a_drop_in_and_not_the_whole_class(self) -> None:
        ClassOffer.objects.update(drop_in_price=20)
        DiscountCode.objects.create(code="day", percent=10, kind="class", for_parts=True)
        DiscountCode.objects.create(code="whole", percent=10, kind="class")
        in_class = purchases.cart((self.class_offer, purchases.me()))
        drop_in = started_classes.ticket_cart(self.class_offer.meetings.all()[0], purchases.me())
        for cart, fits, refused in ((in_class, "whole", "day"), (drop_in, "day", "whole")):
            with self.subTest(refused), self.assertRaisesMessage(DiscountCodeRefused, "Add one to your cart"):
                carts.set_discount_code(cart, refused, timezone.now())
            self.assertIsNotNone(carts.set_discount_code(cart, fits, timezone.now()))
        self.log_in(self.ada)
        self.assertContains(self.client.get("/admin/billing/discountcode/"), "All drop-ins and trials")
