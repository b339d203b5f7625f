"""Gift vouchers, bought, used and given back through the domain."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.models import Order, Voucher
from tests.billing.base import BillingTestCase
from users.models import User


class VoucherTestCase(BillingTestCase):
    def ordered(self, worth: object = 50, *, payer: User | None = None, due: str = "now", **details: Any) -> Order:
        order = self.cart(payer=payer)
        given = {"amount": str(worth)} if "gift" not in details else {}
        carts.add_line(order, "voucher", 0, {"recipient_name": "Rae"} | given | details)
        return placement.place_order(order, placement.PlacementOptions(due, by_staff=self.ada), seen=None, at=self.now)

    def bought(self, worth: object = 50, **details: Any) -> Voucher:
        order = self.ordered(worth, **details)
        self.pay(order)
        return Voucher.objects.get(line__order=order)

    def for_toy(self, number: int, **details: Any) -> Voucher:
        return self.bought(gift=f"toy:{number}", gift_title=f"Toy {number}", **details)

    def spent(self, *vouchers: Voucher, products: tuple[int, ...] = (1,), **how: Any) -> Order:
        return self.checkout(self.with_vouchers(*vouchers, products=products), **how)

    def with_vouchers(
        self,
        *vouchers: Voucher,
        products: tuple[int, ...] = (1,),
        payer: User | None = None,
        at: datetime | None = None,
    ) -> Order:
        order = self.cart(*products, payer=payer)
        for voucher in vouchers:
            carts.enter_code_or_voucher(order, voucher.grouped.lower(), at or self.now)
        return order

    def checkout(self, order: Order, at: datetime | None = None, **how: Any) -> Order:
        return placement.place_order(order, placement.PlacementOptions(**how), seen=None, at=at or self.now)

    def balance(self, voucher: Voucher) -> Decimal:
        """As the row has it, which is what its entries come to."""
        voucher.refresh_from_db()
        self.assertEqual(voucher.balance, sum(entry.amount for entry in voucher.entries.all()))
        return voucher.balance
