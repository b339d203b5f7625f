"""Discount codes. Whoever may not use a code learns no more about it than whoever made it up."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from billing import kinds
from billing.domain import locks
from billing.domain.pricing.quotes import Discount, Item
from billing.kinds import ZERO
from billing.models import Code, Order
from common import dates
from users.models import Student, User

UNKNOWN = "That code isn’t valid for this order."
EXPIRED = "This code has expired."
EARLY = "This code isn’t valid yet."
USED_UP = "This code has been used as often as it can be."
NOT_FOR_VOUCHERS = "Discount codes can’t be used for gift vouchers."
GONE = "This code is for something that is no longer offered."

EVERYTHING = "Everything"


class Refused(Exception):
    """The code cannot be used; the text says why."""


def find(text: str) -> Code | None:
    return Code.objects.filter(text__iexact=text.strip()).first() if text.strip() else None


def check(code: Code | None, payer: User | None, at: datetime) -> Code:
    if code is None or not _is_theirs(code, payer):
        raise Refused(UNKNOWN)
    if code.valid_from and at < code.valid_from:
        raise Refused(EARLY)
    if code.valid_until and code.valid_until <= at:
        raise Refused(EXPIRED)
    if code.limit is not None and uses(code, at) >= code.limit:
        raise Refused(USED_UP)
    return code


def last_day(code: Code) -> date | None:
    """The day through whose end the code is valid; None for a code that ends at a moment, or never."""
    return dates.day_that_ends_at(code.valid_until) if code.valid_until else None


def check_fits(code: Code, items: Iterable[Item]) -> None:
    """Raises Refused, naming what the code needs, when it fits none of the items.

    A code for everything fits an empty cart.
    """
    items, discount = list(items), terms(code)
    if any(discount.fits(item) for item in items):
        return
    if items or code.kind or code.student is not None:
        raise Refused(_needs(code))


def _needs(code: Code) -> str:
    title, is_one = _what_for(code), code.product_id is not None
    if is_one and not title:
        return GONE
    if code.student is not None:
        whom = f"{title} for {code.student}" if title else f"{code.student}"
        add = "it" if is_one else f"something for {code.student}"
        return f"This code is for {whom}. Add {add} to your cart to use the code."
    if not title:
        return NOT_FOR_VOUCHERS
    return f"This code is for {title}. Add {'it' if is_one else 'one'} to your cart to use the code."


def _what_for(code: Code) -> str:
    """The one product or the kind, as it stands in a sentence; '' for everything, and for what is gone."""
    try:
        kind = kinds.get(code.kind)
    except kinds.UnknownKind:
        return ""
    if code.product_id is None:
        return kind.label.lower()
    return kind.product_titles([code.product_id]).get(code.product_id, "")


def _is_theirs(code: Code, payer: User | None) -> bool:
    """A personal code is for the person's own account or guardian, so that typing a name does not try it out."""
    if code.student_id is None:
        return True
    mine = Q(user=payer) | Q(guardian=payer)
    return payer is not None and Student.objects.filter(mine, pk=code.student_id).exists()


# -- uses ----------------------------------------------------------------------------------------------------------


def _counts(at: datetime, prefix: str = "") -> Q:
    """Orders that count against the limit: paid, or placed and not lapsed by now."""
    lapsed = Q(**{f"{prefix}held_until__lte": at})
    return Q(**{f"{prefix}state": Order.State.PAID}) | Q(**{f"{prefix}state": Order.State.PLACED}) & ~lapsed


def uses(code: Code, at: datetime) -> int:
    return Order.objects.filter(_counts(at), code=code).count()


def with_uses(found: QuerySet[Code], at: datetime) -> QuerySet[Code]:
    return found.annotate(used=Count("orders", filter=_counts(at, "orders__")))


def take(order: Order, items: Iterable[Item], at: datetime) -> Discount | None:
    """At placing, under the code's lock: the last use goes to one order."""
    if order.code_id is None:
        return None
    code = check(locks.code(order.code_id), order.payer, at)
    check_fits(code, items)
    return terms(code)


def take_again(order: Order, at: datetime) -> bool:
    """For an order that had lapsed: the terms are those of the purchase, only the limit is looked at anew."""
    if order.code_id is None:
        return True
    code = locks.code(order.code_id)
    return code.limit is None or uses(code, at) < code.limit


def terms(code: Code) -> Discount:
    return Discount(
        label=code.label or f"Code {code.text.upper()}",
        percent=code.percent or ZERO,
        amount=code.amount or ZERO,
        kind=code.kind,
        product_id=code.product_id,
        student_id=code.student_id,
    )


# -- what codes can be made for --------------------------------------------------------------------------------------

Choices = list[tuple[str, str | list[tuple[str, str]]]]


def scope_choices(at: datetime, code: Code) -> Choices:
    """What a code can be for: everything, all of a kind, or one product, which is chosen and never typed.

    What the code is for already stays among the choices, also when it is not offered any more.
    """
    found: Choices = [("", EVERYTHING)]
    for name in settings.PRODUCT_KINDS:
        kind = kinds.get(name)
        if not kind.is_discountable:
            continue
        products = dict(kind.products(at))
        if code.kind == name and code.product_id is not None:
            products = kind.product_titles([code.product_id]) | products
        found.append((name, f"All {kind.label.lower()}"))
        if products:
            found.append((kind.label, [(f"{name}:{number}", title) for number, title in products.items()]))
    return found


def scope_value(code: Code) -> str:
    return code.kind if code.product_id is None else f"{code.kind}:{code.product_id}"


def name_scopes(found: Sequence[Code]) -> None:
    """Note on each code what it is for, with one query a kind."""
    for name in {code.kind for code in found}:
        mine = [code for code in found if code.kind == name]
        try:
            kind = kinds.get(name)
        except kinds.UnknownKind:
            kind = None
        titles = kind.product_titles({code.product_id for code in mine if code.product_id}) if kind else {}
        for code in mine:
            all_of_it = f"All {kind.label.lower()}" if kind else name or EVERYTHING
            code.scope = titles.get(code.product_id, GONE) if code.product_id else all_of_it  # type: ignore[attr-defined]
