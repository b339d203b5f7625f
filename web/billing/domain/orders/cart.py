"""The cart is an order that has not been placed. It holds no spots and guarantees no price."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from billing.domain import locks, product_kinds
from billing.domain.pricing import balances, credit, discount_codes, quotes
from billing.domain.refunds import exchanges
from billing.domain.refunds import terms as cancellation_terms
from billing.domain.vouchers import eligibility, redemption, voucher_codes
from billing.domain.vouchers.eligibility import VoucherShare
from billing.errors import CartFull, DiscountCodeRefused, ProductUnavailable
from billing.models import DiscountCode, Order, OrderLine
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms
from common.money import ZERO
from users.models import User

GONE = "This is no longer available."
MAX_LINES = 20
ABANDONED_AFTER = timedelta(days=30)


@dataclass(frozen=True)
class CartLine:
    line: OrderLine
    description: product_kinds.ProductDescription
    problems: list[str]
    kind: product_kinds.ProductKind | None = None
    """The kind has loaded what it answers about this line. None if the line is no longer available."""
    price_facts: PriceFacts | None = None
    terms: Terms = field(default_factory=Terms)
    sentences: list[cancellation_terms.TermsSentence] = field(default_factory=list)
    """These sentences say what is refunded when the line is canceled."""
    withdrawal: str = ""

    @property
    def attendee_label(self) -> str:
        return self.kind.attendee_label(self.line) if self.kind else ""


@dataclass(frozen=True)
class CartSnapshot:
    """A cart as it is now: each request loads it once, and pages, checks and totals are computed from it."""

    lines: list[CartLine]
    quote: quotes.Quote
    code_problem: str = ""
    vouchers: tuple[VoucherShare, ...] = ()

    @property
    def bill(self) -> list[balances.PricedLine]:
        return balances.bill_lines((row.line for row in self.lines), self.quote.now)

    @property
    def priced_lines(self) -> list[tuple[CartLine, balances.PricedLine]]:
        return list(zip(self.lines, self.bill, strict=True))

    @property
    def reserves_spots(self) -> bool:
        return any(row.kind.reserves_spots for row in self.lines if row.kind)

    @property
    def problems(self) -> bool:
        return any(row.problems for row in self.lines)

    @property
    def by_vouchers(self) -> Decimal:
        return sum((share.amount for share in self.vouchers), ZERO)

    @property
    def total_after_vouchers(self) -> Decimal:
        return self.quote.now.total - self.by_vouchers

    @property
    def left_later(self) -> Decimal:
        return self.quote.door.total - self.by_vouchers

    @property
    def offers_early_price(self) -> bool:
        """Return whether paying now, and not at the door, changes the price."""
        has_choice = self.at_the_door and bool(self.total_after_vouchers)
        return has_choice and self.quote.door.total != self.quote.now.total

    @property
    def payable(self) -> list[OrderLine]:
        return eligibility.payable_lines(
            (row.line for row in self.lines), {row.line.pk: row.price_facts for row in self.lines}
        )

    @property
    def at_the_door(self) -> bool:
        return all(row.price_facts is not None and row.price_facts.at_the_door for row in self.lines)


def create_cart(payer: User | None = None) -> Order:
    return Order.objects.create(payer=payer, currency=settings.CURRENCY, **_payer_fields(payer))


def _payer_fields(payer: User | None) -> dict[str, str]:
    name = payer.get_full_name() if payer else ""
    return {"payer_name": name, "payer_email": payer.email} if payer and name else {}


def create_second_cart(order: Order) -> Order:
    """The new cart has no account yet, because an account has one cart. It gets the account when it is placed."""
    fields = ("currency", "payer_name", "payer_email", "street", "city", "area", "postcode", "country")
    return Order.objects.create(**{name: getattr(order, name) for name in fields})


def find_cart_of_account(account: User) -> Order | None:
    return Order.objects.filter(payer=account, state=Order.State.CART).first()


def add_line(
    cart: Order, kind: str, product_id: int, details: dict[str, Any] | None = None, **columns: Any
) -> OrderLine:
    line = OrderLine(kind=kind, product_id=product_id, details=details or {}, **columns)
    return add_lines(cart, [line])[0]


@transaction.atomic
def add_lines(cart: Order, chosen: Iterable[OrderLine]) -> list[OrderLine]:
    """Add lines that are not stored yet. The number of statements does not depend on how many there are."""
    cart.refresh_from_db(from_queryset=Order.objects.select_for_update())
    stored = list(cart.lines.all())
    lines: list[OrderLine] = []
    new: list[OrderLine] = []
    for line in chosen:
        product_kinds.kind_named(line.kind)
        line.order = cart
        # A double click adds one line only.
        same = next((each for each in [*stored, *new] if _orders_the_same(each, line)), None)
        lines.append(same or line)
        if same is None:
            new.append(line)
    if len(stored) + len(new) > MAX_LINES:
        raise CartFull
    OrderLine.objects.bulk_create(new)
    return lines


def _orders_the_same(line: OrderLine, other: OrderLine) -> bool:
    return all(getattr(line, name) == getattr(other, name) for name in OrderLine.CHOICE)


@transaction.atomic
def remove_line(cart: Order, line_id: int, at: datetime) -> str:
    """Returns a sentence when the discount code fits none of the remaining lines and was removed, otherwise ''."""
    cart.refresh_from_db(from_queryset=Order.objects.select_for_update())
    OrderLine.objects.filter(pk=line_id, order=cart, order__state=Order.State.CART).delete()
    if cart.discount_code is None:
        return ""
    try:
        discount_codes.check_code_fits(cart.discount_code, to_price_lines(load_lines(cart.lines.all(), at)))
    except DiscountCodeRefused as refused:
        text = cart.discount_code.code.upper()
        set_discount_code(cart, "", at)
        return f"The code {text} was removed. {refused}"
    return ""


@transaction.atomic
def merge_into_account_cart(cart: Order, account: User) -> Order:
    cart = locks.lock_order(cart.pk)
    locks.lock_account(account)
    account_cart = find_cart_of_account(account)
    if cart.state != Order.State.CART or cart == account_cart or cart.payer_id is not None:
        return account_cart or cart
    if account_cart is None:
        cart.payer = account
        for name, value in _payer_fields(account).items():
            setattr(cart, name, getattr(cart, name) or value)
        cart.save(update_fields=["payer", "payer_name", "payer_email"])
        return cart
    for line in cart.lines.all():
        if account_cart.lines.count() < MAX_LINES:
            line.order = account_cart
            line.save(update_fields=["order"])
    account_cart.vouchers.add(*cart.vouchers.all())
    if account_cart.discount_code is None and cart.discount_code is not None:
        account_cart.discount_code = cart.discount_code
        account_cart.save(update_fields=["discount_code"])
    cart.delete()
    return account_cart


def price_cart(cart: Order, at: datetime) -> CartSnapshot:
    prefetch_related_objects([cart], "lines")
    lines = load_lines(cart.lines.all(), at)
    items = to_price_lines(lines)
    discount, problem = None, ""
    if cart.discount_code is not None:
        try:
            discount_codes.check_code_fits(discount_codes.check_code(cart.discount_code, cart.payer, at), items)
            discount = discount_codes.discount_terms(cart.discount_code)
        except DiscountCodeRefused as refused:
            problem = str(refused)
    quote = quote_cart(cart, items, discount, at)
    snapshot = CartSnapshot(lines, quote, problem)
    return replace(snapshot, vouchers=tuple(redemption.preview_vouchers(cart, snapshot.payable, quote.now, at)))


def load_lines(lines: Iterable[OrderLine], at: datetime) -> list[CartLine]:
    """Load the lines of one order in a number of queries that does not depend on how many there are."""
    kinds = product_kinds.load_kinds(lines := list(lines), at)
    return [_describe_line(line, kinds.get(line.kind), at) for line in lines]


def _describe_line(line: OrderLine, kind: product_kinds.ProductKind | None, at: datetime) -> CartLine:
    if kind is None:
        return CartLine(line, product_kinds.ProductDescription(GONE), [GONE])
    try:
        about = kind.describe(line)
        line.title, line.detail = about.title[:200], about.detail[:300]
        facts = exchanges.price_facts_of_line(line, at) if line.exchanged_from_id else kind.price_facts(line, at)
        line_terms = cancellation_terms.add_withdrawal_right(kind.terms(line, at))
        problems = exchanges.exchange_problems(line, at) or kind.problems(line, at)
    except ProductUnavailable as unavailable:
        return CartLine(line, product_kinds.ProductDescription(line.title or GONE), [str(unavailable) or GONE])
    sentences = cancellation_terms.terms_sentences(line_terms, at)
    withdrawal = cancellation_terms.withdrawal_text(line_terms)
    if facts.is_free:
        sentences, withdrawal = [cancellation_terms.TermsSentence(cancellation_terms.FREE)], ""
    return CartLine(line, about, problems, kind, facts, line_terms, sentences, withdrawal)


def to_price_lines(lines: Iterable[CartLine]) -> tuple[quotes.PriceLine, ...]:
    return tuple(
        quotes.PriceLine(row.line.pk, row.line.kind, row.line.product_id, row.price_facts)
        for row in lines
        if row.price_facts
    )


def quote_cart(
    cart: Order, items: tuple[quotes.PriceLine, ...], discount: quotes.Discount | None, at: datetime
) -> quotes.Quote:
    return quotes.quote_both_totals(
        quotes.PriceRequest(
            lines=items,
            currency=cart.currency,
            discount=discount,
            credit=credit.available_credit(cart.payer, cart.currency),
            lost=quotes.lines_past_early_price(items, at),
            ordered_at=at,
        )
    )


def enter_code_or_voucher(cart: Order, text: str, at: datetime) -> None:
    """The text may be a gift voucher's code or a discount code. Raises DiscountCodeRefused."""
    voucher = voucher_codes.find_voucher(text)
    if voucher is None:
        set_discount_code(cart, text, at)
    else:
        redemption.choose_voucher(cart, voucher, price_cart(cart, at).payable, at)


def set_discount_code(cart: Order, text: str, at: datetime) -> DiscountCode | None:
    code = discount_codes.check_code(discount_codes.find_code(text), cart.payer, at) if text.strip() else None
    if code is not None:
        discount_codes.check_code_fits(code, to_price_lines(load_lines(cart.lines.all(), at)))
    Order.objects.filter(pk=cart.pk, state=Order.State.CART).update(discount_code=code)
    cart.discount_code = code
    return code


def delete_abandoned_carts() -> int:
    old = Order.objects.filter(state=Order.State.CART, created_at__lt=timezone.now() - ABANDONED_AFTER)
    return old.delete()[0]
