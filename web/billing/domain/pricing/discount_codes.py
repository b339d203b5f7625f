"""Discount codes. A payer who may not use a code gets the same answer as for a code that does not exist."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet

from billing.domain import locks, product_kinds
from billing.domain.pricing.quotes import Discount, PriceLine
from billing.errors import DiscountCodeRefused
from billing.models import DiscountCode, Order
from common import dates
from common.money import ZERO
from users.models import Student, User

UNKNOWN = "That code isn’t valid for this order."
EXPIRED = "This code has expired."
EARLY = "This code isn’t valid yet."
USED_UP = "This code has reached its usage limit."
NOT_FOR_VOUCHERS = "Discount codes can’t be used for gift vouchers."
GONE = "This code is for something that is no longer offered."

EVERYTHING = "Everything"
PARTS = "parts"


def find_code(text: str) -> DiscountCode | None:
    return DiscountCode.objects.filter(code__iexact=text.strip()).first() if text.strip() else None


def check_code(code: DiscountCode | None, payer: User | None, at: datetime) -> DiscountCode:
    if code is None:
        raise DiscountCodeRefused(UNKNOWN)
    if code.student_id is not None:
        # A personal code is only for the student's own account or guardian, so that typing a name does not reveal it.
        own_students = Student.objects.filter(Q(user=payer) | Q(guardian=payer))
        if payer is None or not own_students.filter(pk=code.student_id).exists():
            raise DiscountCodeRefused(UNKNOWN)
    if code.valid_from and at < code.valid_from:
        raise DiscountCodeRefused(EARLY)
    if code.valid_until and code.valid_until <= at:
        raise DiscountCodeRefused(EXPIRED)
    if code.limit is not None and count_code_uses(code, at) >= code.limit:
        raise DiscountCodeRefused(USED_UP)
    return code


def last_valid_day(code: DiscountCode) -> date | None:
    return dates.day_that_ends_at(code.valid_until) if code.valid_until else None


def check_code_fits(code: DiscountCode, items: Iterable[PriceLine]) -> None:
    """Raises DiscountCodeRefused when the code fits none of the items. A code for everything fits an empty cart."""
    items, discount = list(items), discount_terms(code)
    if any(discount.fits(item) for item in items):
        return
    if items or code.kind or code.student is not None:
        raise DiscountCodeRefused(_requirement_text(code))


def _requirement_text(code: DiscountCode) -> str:
    is_one_product = code.product_id is not None
    try:
        kind = product_kinds.kind_named(code.kind)
    except product_kinds.UnknownProductKind:
        title = ""
    else:
        title = _label(code, kind).lower()
        if code.product_id is not None:
            title = kind.product_titles([code.product_id]).get(code.product_id, "")
    if is_one_product and not title:
        return GONE
    if code.student is not None:
        whom = f"{title} for {code.student}" if title else f"{code.student}"
        add = "it" if is_one_product else f"something for {code.student}"
        return f"This code is for {whom}. Add {add} to your cart to use the code."
    if not title:
        return NOT_FOR_VOUCHERS
    return f"This code is for {title}. Add {'it' if is_one_product else 'one'} to your cart to use the code."


# -- uses ----------------------------------------------------------------------------------------------------------


def _counted_orders(at: datetime, prefix: str = "") -> Q:
    expired = Q(**{f"{prefix}held_until__lte": at})
    return Q(**{f"{prefix}state": Order.State.PAID}) | Q(**{f"{prefix}state": Order.State.PLACED}) & ~expired


def count_code_uses(code: DiscountCode, at: datetime) -> int:
    return Order.objects.filter(_counted_orders(at), discount_code=code).count()


def annotate_uses(codes: QuerySet[DiscountCode], at: datetime) -> QuerySet[DiscountCode]:
    return codes.annotate(used=Count("orders", filter=_counted_orders(at, "orders__")))


def claim_code(order: Order, at: datetime) -> DiscountCode | None:
    # The lock prevents two orders from both getting the last use.
    if order.discount_code_id is None:
        return None
    return check_code(locks.lock_discount_code(order.discount_code_id), order.payer, at)


def reclaim_code(order: Order, at: datetime) -> bool:
    # Restoring an expired order checks only the limit again. Everything else stays as it was at the purchase.
    if order.discount_code_id is None:
        return True
    code = locks.lock_discount_code(order.discount_code_id)
    return code.limit is None or count_code_uses(code, at) < code.limit


def discount_terms(code: DiscountCode) -> Discount:
    return Discount(
        label=code.label or f"Code {code.code.upper()}",
        percent=code.percent or ZERO,
        amount=code.amount or ZERO,
        kind=code.kind,
        product_id=code.product_id,
        student_id=code.student_id,
        for_parts=code.for_parts,
    )


# -- scopes ----------------------------------------------------------------------------------------------------------

Choices = list[tuple[str, str | list[tuple[str, str]]]]


def scope_choices(at: datetime, code: DiscountCode) -> Choices:
    # The current scope of the code is always among the choices, even if it is no longer offered.
    choices: Choices = [("", EVERYTHING)]
    for name in settings.PRODUCT_KINDS:
        kind = product_kinds.kind_named(name)
        if not kind.is_discountable:
            continue
        products = dict(kind.products(at))
        if code.kind == name and code.product_id is not None:
            products = kind.product_titles([code.product_id]) | products
        choices.append((name, f"All {kind.label.lower()}"))
        if products:
            choices.append((kind.label, [(f"{name}:{number}", title) for number, title in products.items()]))
        if kind.part_label:
            choices.append((f"{name}:{PARTS}", f"All {kind.part_label.lower()}"))
    return choices


def set_scope(code: DiscountCode, value: str) -> None:
    """The value is one of the choices. Raises ValidationError."""
    code.kind, _, product = value.partition(":")
    code.for_parts = product == PARTS
    code.product_id = int(product) if product and not code.for_parts else None
    if not code.kind:
        return
    kind = product_kinds.kind_named(code.kind) if code.kind in settings.PRODUCT_KINDS else None
    if kind is None or not kind.is_discountable or (code.for_parts and not kind.part_label):
        raise ValidationError("A discount code can’t be limited to this kind of product.")
    if code.product_id is not None and code.product_id not in kind.product_titles([code.product_id]):
        raise ValidationError("There is no such product.")


def scope_value(code: DiscountCode) -> str:
    product = PARTS if code.for_parts else code.product_id
    return code.kind if product is None else f"{code.kind}:{product}"


def _label(code: DiscountCode, kind: product_kinds.ProductKind) -> str:
    return kind.part_label if code.for_parts else kind.label


def annotate_scopes(codes: Sequence[DiscountCode]) -> None:
    """Sets `scope` on each code, with one query per kind."""
    for name in {code.kind for code in codes}:
        codes_of_kind = [code for code in codes if code.kind == name]
        try:
            kind = product_kinds.kind_named(name)
        except product_kinds.UnknownProductKind:
            kind = None
        titles = kind.product_titles({code.product_id for code in codes_of_kind if code.product_id}) if kind else {}
        for code in codes_of_kind:
            whole_kind = f"All {_label(code, kind).lower()}" if kind else name or EVERYTHING
            code.scope = titles.get(code.product_id, GONE) if code.product_id else whole_kind  # type: ignore[attr-defined]
