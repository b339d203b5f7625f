"""Gift vouchers that are bought and used through the domain."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.models import Order, Voucher
from tests.billing.base import BillingTestCase
from users.models import User


class VoucherTestCase(BillingTestCase):
    def order_voucher(
        self, worth: object = 50, *, payer: User | None = None, due: str = "now", **details: Any
    ) -> Order:
        order = self.create_cart(payer=payer)
        given = {"amount": str(worth)} if "gift" not in details else {}
        carts.add_line(order, "voucher", 0, {"recipient_name": "Rae"} | given | details)
        return placement.place_order(order, placement.PlacementOptions(due, by_staff=self.ada), seen=None, at=self.now)

    def buy_voucher(self, worth: object = 50, **details: Any) -> Voucher:
        order = self.order_voucher(worth, **details)
        self.pay_order(order)
        return Voucher.objects.get(line__order=order)

    def buy_voucher_for(self, number: int, **details: Any) -> Voucher:
        return self.buy_voucher(gift=f"toy:{number}", gift_title=f"Toy {number}", **details)

    def spend_vouchers(self, *vouchers: Voucher, products: tuple[int, ...] = (1,), **how: Any) -> Order:
        return self.check_out(self.create_cart_with(*vouchers, products=products), **how)

    def create_cart_with(
        self,
        *vouchers: Voucher,
        products: tuple[int, ...] = (1,),
        payer: User | None = None,
        at: datetime | None = None,
    ) -> Order:
        order = self.create_cart(*products, payer=payer)
        for voucher in vouchers:
            carts.enter_code_or_voucher(order, voucher.grouped.lower(), at or self.now)
        return order

    def check_out(self, order: Order, at: datetime | None = None, **how: Any) -> Order:
        return placement.place_order(order, placement.PlacementOptions(**how), seen=None, at=at or self.now)

    def balance_of(self, voucher: Voucher) -> Decimal:
        """Return the stored balance, after comparing it with the sum of the entries."""
        voucher.refresh_from_db()
        self.assertEqual(voucher.balance, sum(entry.amount for entry in voucher.entries.all()))
        return voucher.balance
