"""Discount codes. Whoever may not use a code learns no more about it than whoever made it up."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from billing.domain import locks
from billing.domain.pricing import Discount
from billing.kinds import ZERO
from billing.models import Code, Order
from users.models import Student, User

UNKNOWN = "We do not know this code, or it cannot be used here."
OVER = "This code is not valid any more."
EARLY = "This code is not valid yet."
USED_UP = "This code has been used as often as it may be."


class Refused(Exception):
    """The code cannot be used; the text says why."""


def find(text: str) -> Code | None:
    return Code.objects.filter(text__iexact=text.strip()).first() if text.strip() else None


def check(code: Code | None, payer: User | None, at: datetime) -> Code:
    if code is None or not _is_theirs(code, payer):
        raise Refused(UNKNOWN)
    if code.valid_from and at < code.valid_from:
        raise Refused(EARLY)
    if code.valid_until and code.valid_until < at:
        raise Refused(OVER)
    if code.limit is not None and uses(code, at) >= code.limit:
        raise Refused(USED_UP)
    return code


def _is_theirs(code: Code, payer: User | None) -> bool:
    """A personal code is for the person's own account or guardian, so that typing a name does not try it out."""
    if code.student_id is None:
        return True
    mine = Q(user=payer) | Q(guardian=payer)
    return payer is not None and Student.objects.filter(mine, pk=code.student_id).exists()


def uses(code: Code, at: datetime) -> int:
    """Orders that count against the limit: paid, or placed and not lapsed by now."""
    live = Q(state=Order.State.PAID) | Q(state=Order.State.PLACED) & ~Q(due=Order.Due.NOW, held_until__lt=at)
    return Order.objects.filter(live, code=code).count()


def take(order: Order, at: datetime) -> Discount | None:
    """At placing, under the code's lock: the last use goes to one order."""
    if order.code_id is None:
        return None
    return terms(check(locks.code(order.code_id), order.payer, at))


def take_again(order: Order, at: datetime) -> bool:
    """For an order that had lapsed: the terms are those of the purchase, only the limit is looked at anew."""
    if order.code_id is None:
        return True
    code = locks.code(order.code_id)
    return code.limit is None or uses(code, max(at, timezone.now())) < code.limit


def terms(code: Code) -> Discount:
    return Discount(
        label=code.label or f"Code {code.text.upper()}",
        percent=code.percent or ZERO,
        amount=code.amount or ZERO,
        kind=code.kind,
        product_id=code.product_id,
        student_id=code.student_id,
    )
