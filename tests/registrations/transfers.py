"""Two classes and a student registered for the first, for tests of transfers to a class or to a person."""

from datetime import time
from typing import Any, ClassVar

from django.utils import timezone

from billing.models import Order
from classwork.models import ClassOffer
from registrations.domain.transfers import to_class
from registrations.domain.transfers.to_class import DeskOverride, TransferRequest
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations import purchases
from users.models import User

State = Registration.State


class TransferTestCase(SchoolTestCase):
    """Alice is registered for Tuesdays. The same class is taught on Thursdays."""

    tuesday: ClassVar[ClassOffer]
    thursday: ClassVar[ClassOffer]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.tuesday = cls.class_offer
        cls.thursday = cls.another("B", class_day=3)

    @classmethod
    def another(cls, version: str, **values: Any) -> ClassOffer:
        subject = factories.create_subject(version=version)
        return factories.create_class_offer(
            cls.session, subject, cls.tess.staff, location=cls.hall, **{"start_time": time(20)} | values
        )

    def bought(self, class_offer: ClassOffer | None = None, payer: User | None = None, **how: Any) -> Registration:
        order = purchases.cart((class_offer or self.tuesday, purchases.me()), payer=payer or self.alice)
        order = purchases.place(order, **how)
        if order.state == Order.State.PLACED and order.due_kind == Order.Due.NOW:
            purchases.pay(order)
        return self.place(order)

    def place(self, order: Order) -> Registration:
        return Registration.objects.get(line__order=order)

    def move(
        self, mine: Registration, class_offer: ClassOffer, by: User | DeskOverride | None = None, role: str = ""
    ) -> Order:
        mine = Registration.objects.get(pk=mine.pk)
        target, at = TransferRequest(class_offer, role), timezone.now()
        seen = to_class.plan_transfer(mine, target, by or self.alice, at).fingerprint
        return to_class.transfer_to_class(mine, target, by or self.alice, at, seen=seen)

    def states(self) -> list[tuple[str, str]]:
        """Of Alice's registrations, the oldest first."""
        rows = Registration.objects.filter(student=self.student).order_by("pk")
        return [(row.class_offer.weekday, row.state) for row in rows.select_related("class_offer")]
