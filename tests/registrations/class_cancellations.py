"""Orders of many kinds in a class that the school cancels."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit
from billing.domain.vouchers import office
from billing.models import Order
from classwork.models import ClassOffer, Subject
from common import dates
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.plan import CancellationPlan, plan_cancellation
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import ClassCancellation
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, pay, place
from users.models import User

ZERO = Decimal(0)


class CancellationResultTest(SchoolTestCase):
    def setUp(self) -> None:
        ClassOffer.objects.update(price=Decimal(65))
        Subject.objects.update(pre_pay_discount=0)
        self.now = timezone.now()

    def ordered(self, name: str, payer: User | None = None, due: str = Order.Due.DOOR) -> Order:
        return place(cart((self.class_offer, me()), payer=payer, name=name, email=f"{name.lower()}@example.org"), due)

    def paid_by_card(self, name: str, payer: User | None = None) -> Order:
        return pay(self.ordered(name, payer, Order.Due.NOW))

    def paid_by_hand(self, name: str, amount: int | None = None, payer: User | None = None) -> Order:
        order = self.ordered(name, payer)
        today = dates.to_local_time(self.now).date()
        part = Decimal(amount) if amount else balances.open_balance(order, self.now)
        attempts.record_desk_payment(order, "cash", part, by=self.ada, received_on=today)
        order.refresh_from_db()
        return order

    def paid_by_voucher(self, name: str, worth: int, payer: User | None = None) -> Order:
        voucher = office.issue_free_voucher(Decimal(worth), None, {}, why="A prize", by=self.ada)
        order = cart((self.class_offer, me()), payer=payer, name=name, email=f"{name.lower()}@example.org")
        carts.enter_code_or_voucher(order, voucher.grouped, self.now)
        return place(order, Order.Due.DOOR)

    def everybody(self) -> Mapping[str, Order]:
        credit.adjust_credit(self.alice, Decimal(10), "USD", why="x", by=self.ada)
        return {
            "account": self.paid_by_card("Alice", self.alice),
            "card": self.paid_by_card("Carl"),
            "cash": self.paid_by_hand("Cash"),
            "account and cash": self.paid_by_hand("Gus", payer=self.gus),
            "unpaid": self.ordered("Una"),
            "part": self.paid_by_hand("Pat", 20),
            "account and part": self.paid_by_hand("Sam", 20, payer=self.sam),
            "voucher": self.paid_by_voucher("Vic", 100),
            "part by voucher": self.paid_by_voucher("Val", 20, self.tess),
        }

    def whole(self, policy: str) -> CancellationRequest:
        return CancellationRequest(policy, class_offer=self.class_offer.pk)

    def cancel(self, request: CancellationRequest) -> tuple[CancellationPlan, ClassCancellation]:
        plan = plan_cancellation(request, timezone.now())
        return plan, cancel_classes(self.ada, request, "Snow", seen=plan.fingerprint)
