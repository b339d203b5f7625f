"""A gift voucher, as something to buy."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_date

from billing.domain.vouchers import sales
from billing.kinds import Description, Facts, ProductKind, Terms, Unavailable
from billing.models import OrderLine, Voucher
from common.formats import format_date, format_money


class VoucherKind(ProductKind):
    """Nothing is held, for there are always enough; the voucher exists once it is paid for."""

    name = "voucher"
    label = "Gift vouchers"
    is_discountable = False

    def describe(self, line: OrderLine) -> Description:
        details = line.details
        title = details.get("gift_title") or format_money(Decimal(details.get("amount") or 0), line.order.currency)
        whom = details.get("recipient_name", "")
        day = parse_date(details.get("give_on") or "")
        parts = [f"for {whom}" if whom else "", f"to be given on {format_date(day)}" if day else ""]
        return Description(f"Gift voucher: {title}", ", ".join(filter(None, parts)))

    def price_facts(self, line: OrderLine, at: datetime) -> Facts:
        return Facts(full=sales.price(line.details, at), is_money=True)

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        try:
            sales.price(line.details, at)
        except Unavailable as gone:
            return [str(gone)]
        return []

    def answers(self, line: OrderLine) -> dict[str, Any]:
        return {name: value for name, value in line.details.items() if name != "expires_on"}

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        """The last day is what the law of the school says on the day of the sale, and stays so."""
        if "expires_on" not in line.details:
            last = sales.expiry(sales.today(line.order.placed_at or line.order.created_at))
            line.details["expires_on"] = last.isoformat() if last else ""
            line.save(update_fields=["details"])

    def confirm(self, line: OrderLine) -> None:
        """Also called for what is to be paid later: nothing is given then."""
        sales.issue(line)

    def release(self, line: OrderLine, why: str) -> None:
        sales.reverse(line, why)

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        """One that the school has made void was theirs all the same; one whose purchase was undone is not."""
        standing = Q(voided_at=None) | Q(line__cancelled_at=None)
        theirs = Voucher.objects.filter(standing, line__in=lines).values_list("line", flat=True)
        return {line for line in theirs if line is not None}

    def lock_refundable(self, line: OrderLine) -> None:
        list(Voucher.objects.select_for_update().filter(line=line))

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        return Terms(note="Any amount already used isn’t refundable.")

    def max_refund_percent(self, line: OrderLine) -> Decimal:
        """Only what is left on it."""
        voucher = Voucher.objects.filter(line=line).first()
        return 100 * voucher.balance / voucher.worth if voucher else Decimal(100)

    def share_used(self, line: OrderLine, at: datetime) -> Decimal:
        voucher = Voucher.objects.filter(line=line).first()
        return voucher.used / voucher.worth if voucher else Decimal(0)
