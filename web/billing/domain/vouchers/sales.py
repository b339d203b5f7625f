"""Sales of gift vouchers: the amounts on offer, the voucher issued for a paid line, and its reversal."""

from calendar import monthrange
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing.domain import payment_issues, product_kinds
from billing.domain.product_kinds import GiftOption
from billing.domain.vouchers import eligibility, entries, voucher_codes
from billing.domain.vouchers.details import VoucherDetails
from billing.errors import ProductUnavailable
from billing.models import Order, OrderLine, PaymentIssue, Voucher
from billing.models.vouchers import VoucherEntry
from billing.rules.price_facts import PriceFacts
from common import dates
from common.formats import format_money
from common.money import ZERO, is_payable_amount


def expiry_date(sold_on: date) -> date | None:
    if not settings.VOUCHER_MONTHS:
        return None
    years, month = divmod(sold_on.month - 1 + settings.VOUCHER_MONTHS, 12)
    year, month = sold_on.year + years, month + 1
    if settings.VOUCHER_TO_YEARS_END:
        return date(year, 12, 31)
    return date(year, month, min(sold_on.day, monthrange(year, month)[1]))


# -- offers ------------------------------------------------------------------------------------------------------


def gift_options(at: datetime) -> dict[str, GiftOption]:
    """List the classes that can be given instead of an amount, by `kind:what`."""
    return {
        f"{name}:{gift.what}": gift
        for name, _ in product_kinds.installed_kinds()
        for gift in product_kinds.kind_named(name).gift_options(at)
        if gift.price > 0
    }


def offered_amounts() -> list[Decimal]:
    return [amount for amount in settings.VOUCHER_AMOUNTS if not amount_problem(amount)]


def amount_problem(amount: Decimal) -> str:
    least, most = settings.VOUCHER_MINIMUM, settings.VOUCHER_MAXIMUM
    if not is_payable_amount(amount, settings.CURRENCY) or not least <= amount <= most:
        lowest, highest = (format_money(each, settings.CURRENCY) for each in (least, most))
        return f"Please choose an amount from {lowest} to {highest}."
    return ""


def voucher_price(details: VoucherDetails, at: datetime) -> Decimal:
    if not settings.SELL_VOUCHERS:
        raise ProductUnavailable("We don’t sell gift vouchers right now.")
    if details.gift:
        gift = gift_options(at).get(details.gift)
        if gift is None:
            raise ProductUnavailable("This class isn’t available as a gift right now. Please choose an amount.")
        return gift.price
    if why := amount_problem(details.amount):
        raise ProductUnavailable(why)
    return details.amount


# -- issuing -----------------------------------------------------------------------------------------------------


@transaction.atomic
def issue_sold_voucher(line: OrderLine) -> Voucher | None:
    """Issue one voucher for the line once its order is paid. Before that, return None."""
    order = Order.objects.get(pk=line.order_id)
    if order.state != Order.State.PAID:
        return None
    voucher = Voucher.objects.filter(line=line).first()
    if voucher is not None:
        return voucher
    details = VoucherDetails.from_line(line)
    kind, _, what = details.gift.partition(":")
    return create_voucher(
        PriceFacts.from_json(line.price_facts or {"list_price": 0}).list_price,
        order.currency,
        order=order,
        line=line,
        kind=kind,
        gift_reference=what,
        title=details.gift_title,
        expires_on=details.expires_on,
        recipient_name=details.recipient_name,
        recipient_email=details.recipient_email,
        giver_name=details.giver_name,
        message=details.message,
        deliver_on=details.deliver_on,
    )


def create_voucher(
    worth: Decimal, currency: str, *, order: Order | None = None, why: str = "", **fields: Any
) -> Voucher:
    voucher = Voucher.objects.create(
        code=voucher_codes.new_voucher_code(), face_value=worth, currency=currency, **fields
    )
    entries.load_voucher(voucher, order=order, why=why, by=fields.get("issued_by"))
    return voucher


# -- reversal ----------------------------------------------------------------------------------------------------


def reverse_sale(line: OrderLine, why: str) -> None:
    """Empty the voucher because its purchase was refunded, even if the desk had voided it before.

    If the money was lost, the office gets a payment issue that says how much of the voucher was used.
    """
    for voucher in Voucher.objects.select_for_update().filter(line=line):
        order = Order.objects.get(pk=line.order_id)
        entries.empty_voucher(voucher, VoucherEntry.Reason.REVERSED, order=order, why=why)
        if voucher.voided_at is not None:
            continue
        Voucher.objects.filter(pk=voucher.pk).update(voided_at=timezone.now())
        reversal = voucher.entries.filter(reason=VoucherEntry.Reason.REVERSED).first()
        used = voucher.face_value + (reversal.amount if reversal else ZERO)
        if used and not eligibility.is_voucher_paid_for(voucher):
            amount = format_money(used, voucher.currency)
            text = f"{amount} of gift voucher {voucher.mark} was used before its payment was reversed."
            payment_issues.open_issue(PaymentIssue.Kind.OTHER, order, text)


def local_day_of(at: datetime) -> date:
    return dates.to_local_time(at).date()
