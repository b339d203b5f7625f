"""A gift voucher for a class pays for any class of its subject and for no other."""

from datetime import time
from decimal import Decimal

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.vouchers import office, sales
from billing.errors import DiscountCodeRefused
from billing.models import Voucher
from classwork.models import ClassOffer
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations import purchases


class GiftTest(SchoolTestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        self.key = f"class:{self.class_offer.subject_id}"

    def gift_voucher(self) -> Voucher:
        return office.issue_free_voucher(
            Decimal(70), (self.key, sales.gift_options(self.now)[self.key]), {}, why="A prize", by=self.ada
        )

    def order_with(self, class_offer: ClassOffer, voucher: Voucher) -> str:
        order = purchases.cart((class_offer, purchases.me()))
        carts.enter_code_or_voucher(order, voucher.grouped, self.now)
        return purchases.place(order).state

    def test_each_open_subject_is_offered_once_at_its_highest_price(self) -> None:
        factories.create_class_offer(self.session, self.class_offer.subject, class_day=4, price=Decimal(80))
        gift = sales.gift_options(self.now)[self.key]
        self.assertEqual((gift.title, gift.price), (self.class_offer.subject.title, 80))
        self.assertEqual(len(sales.gift_options(self.now)), 1)

    def test_unapproved_subject_is_not_offered(self) -> None:
        ClassOffer.objects.update(manager_approved=False)
        self.assertEqual(sales.gift_options(self.now), {})

    def test_gift_pays_for_any_class_of_the_subject(self) -> None:
        another = factories.create_class_offer(self.session, self.class_offer.subject, class_day=4, start_time=time(18))
        self.assertEqual(self.order_with(another, self.gift_voucher()), "paid")
        self.assertEqual(Registration.objects.get().state, "confirmed")

    def test_gift_does_not_pay_for_another_class(self) -> None:
        other = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        with self.assertRaisesMessage(DiscountCodeRefused, f"is for {self.class_offer.subject.title}"):
            self.order_with(other, self.gift_voucher())
