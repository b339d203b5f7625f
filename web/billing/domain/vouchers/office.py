"""What the office does with gift vouchers: give, extend, void and search them."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from billing.domain.product_kinds import GiftOption
from billing.domain.vouchers import entries, sales, voucher_codes
from billing.errors import VoucherActionRefused
from billing.models import Voucher, VoucherEntry
from billing.models.fields import exact_sum
from billing.models.vouchers import GROUP
from common import dates
from history.domain import record_action
from users.models import User


def _lock_valid_voucher(voucher: Voucher) -> Voucher:
    (locked,) = entries.lock_vouchers([voucher.pk])
    if locked.voided_at is not None:
        raise VoucherActionRefused("This voucher is already void.")
    return locked


@transaction.atomic
def issue_free_voucher(
    worth: Decimal, gift: tuple[str, GiftOption] | None, words: dict[str, Any], *, why: str, by: User
) -> Voucher:
    """Issue a voucher that nobody paid for. `gift` is a class and its key in the form `kind:what`."""
    if sales.amount_problem(worth) and gift is None:
        raise VoucherActionRefused(sales.amount_problem(worth))
    if gift is not None:
        kind, _, what = gift[0].partition(":")
        words = words | {"kind": kind, "gift_reference": what, "title": gift[1].title}
    expires_on = sales.expiry_date(dates.local_today())
    voucher = sales.create_voucher(worth, settings.CURRENCY, why=why, issued_by=by, expires_on=expires_on, **words)
    record_action(by, "billing.voucher_given_away", voucher, why=why, worth=str(worth), currency=voucher.currency)
    return voucher


@transaction.atomic
def extend_voucher_expiry(voucher: Voucher, until: date | None, *, why: str, by: User) -> None:
    locked = _lock_valid_voucher(voucher)
    locked.expires_on = until
    locked.save(update_fields=["expires_on"])
    record_action(by, "billing.voucher_extended", locked, why=why, until=until.isoformat() if until else "for ever")


@transaction.atomic
def void_voucher(voucher: Voucher, *, why: str, by: User) -> Decimal:
    """Void the voucher without a refund. Only canceling its order line refunds the buyer."""
    locked = _lock_valid_voucher(voucher)
    left = entries.empty_voucher(locked, VoucherEntry.Reason.VOID, why=why, by=by)
    Voucher.objects.filter(pk=locked.pk).update(voided_at=timezone.now())
    record_action(by, "billing.voucher_voided", locked, why=why, left=str(left), currency=locked.currency)
    return left


# -- search ------------------------------------------------------------------------------------------------------

FOLDERS = {"usable": "Can be used", "empty": "Used up", "expired": "Expired, with something left", "void": "Void"}


def search_vouchers(text: str, folder: str, today: date) -> QuerySet[Voucher]:
    by_folder = {
        "usable": Voucher.objects.usable(today),
        "empty": Voucher.objects.filter(voided_at=None, balance=0),
        "expired": Voucher.objects.expired(today),
        "void": Voucher.objects.exclude(voided_at=None),
    }
    vouchers = by_folder.get(folder, Voucher.objects.all()).select_related("line__order", "issued_by")
    if not text:
        return vouchers
    code, number = voucher_codes.normalize_voucher_code(text), text.lstrip("#")
    names = ("recipient_name", "recipient_email", "giver_name", "line__order__payer_name", "line__order__payer_email")
    condition = Q(pk__in=[])
    for name in names:
        condition |= Q(**{f"{name}__icontains": text})
    if len(code) >= GROUP:
        condition |= Q(code=code) | Q(code__endswith=code)
    if number.isdecimal() and len(number) < 16:
        condition |= Q(line__order=int(number))
    return vouchers.filter(condition)


def outstanding_voucher_value(vouchers: QuerySet[Voucher]) -> list[tuple[Decimal, str]]:
    sums = vouchers.order_by().values_list("currency").annotate(sum=Sum("balance")).order_by("currency")
    return [(exact_sum(amount), currency) for currency, amount in sums]
