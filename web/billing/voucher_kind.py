"""The product kind of gift vouchers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from billing.domain.product_kinds import ProductDescription, ProductKind
from billing.domain.vouchers import sales
from billing.domain.vouchers.details import VoucherDetails
from billing.errors import ProductUnavailable
from billing.models import OrderLine, Voucher
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms
from common.formats import format_date, format_money


class VoucherKind(ProductKind):
    """Gift vouchers are unlimited, so nothing is reserved. The voucher is created when it is paid for."""

    name = "voucher"
    label = "Gift vouchers"
    is_discountable = False

    def describe(self, line: OrderLine) -> ProductDescription:
        details = VoucherDetails.from_line(line)
        title = details.gift_title or format_money(details.amount, line.order.currency)
        recipient, day = details.recipient_name, details.deliver_on
        parts = [f"for {recipient}" if recipient else "", f"to be given on {format_date(day)}" if day else ""]
        return ProductDescription(f"Gift voucher: {title}", ", ".join(filter(None, parts)))

    def price_facts(self, line: OrderLine, at: datetime) -> PriceFacts:
        return PriceFacts(list_price=sales.voucher_price(VoucherDetails.from_line(line), at), is_money=True)

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        try:
            sales.voucher_price(VoucherDetails.from_line(line), at)
        except ProductUnavailable as refusal:
            return [str(refusal)]
        return []

    def answers(self, line: OrderLine) -> dict[str, Any]:
        return replace(VoucherDetails.from_line(line), expires_on=None, is_expiry_set=False).as_json()

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        # The rules on the day of the sale decide the expiry date, and later rules do not change it.
        details = VoucherDetails.from_line(line)
        if not details.is_expiry_set:
            last_day = sales.expiry_date(sales.local_day_of(line.order.placed_at or line.order.created_at))
            replace(details, expires_on=last_day, is_expiry_set=True).save_to(line)

    def confirm(self, line: OrderLine) -> None:
        sales.issue_sold_voucher(line)  # This issues nothing while the order is to be paid later.

    def release(self, line: OrderLine, why: str) -> None:
        sales.reverse_sale(line, why)

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        # The buyer received a voucher that the school voided later, but not one whose purchase was reversed.
        was_received = Q(voided_at=None) | Q(line__canceled_at=None)
        numbers = Voucher.objects.filter(was_received, line__in=lines).values_list("line", flat=True)
        return {number for number in numbers if number is not None}

    def lock_refundable(self, line: OrderLine) -> None:
        list(Voucher.objects.select_for_update().filter(line=line))

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        return Terms(note="Any amount already used isn’t refundable.")

    def max_refund_percent(self, line: OrderLine) -> Decimal:
        voucher = Voucher.objects.filter(line=line).first()
        return 100 * voucher.balance / voucher.face_value if voucher else Decimal(100)

    def share_used(self, line: OrderLine, at: datetime) -> Decimal:
        voucher = Voucher.objects.filter(line=line).first()
        return voucher.used / voucher.face_value if voucher else Decimal(0)
