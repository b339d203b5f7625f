"""The cart: an order that is not placed yet. Nothing is held and no price is promised while things lie in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import kinds
from billing.domain import locks
from billing.domain.pricing import credit, discount_codes, quotes
from billing.domain.refunds import exchanges, terms
from billing.domain.vouchers import eligibility, redemption, voucher_codes
from billing.domain.vouchers.eligibility import Part
from billing.models import Code, Order, OrderLine
from users.models import User

GONE = "This is no longer available."
MOST_LINES = 20
FORGOTTEN_AFTER = timedelta(days=30)


class Full(Exception):
    """More lines than a cart takes."""

    def __str__(self) -> str:
        return "Your cart is full. Please order what is in it first."


@dataclass(frozen=True)
class Seen:
    """A line as the cart shows it."""

    line: OrderLine
    about: kinds.Description
    facts: kinds.Facts | None
    problems: list[str]
    sentences: list[terms.Sentence] = field(default_factory=list)
    """What comes back when it is cancelled."""
    withdrawal: str = ""


@dataclass(frozen=True)
class Sight:
    """The whole cart as it stands: its lines, and what it would cost."""

    lines: list[Seen]
    quote: quotes.Quote
    code_problem: str = ""
    vouchers: tuple[Part, ...] = ()

    @property
    def reserves_spots(self) -> bool:
        return any(seen.facts and kinds.of(seen.line).reserves_spots for seen in self.lines)

    @property
    def problems(self) -> bool:
        return any(seen.problems for seen in self.lines)

    @property
    def by_vouchers(self) -> Decimal:
        return sum((part.amount for part in self.vouchers), kinds.ZERO)

    @property
    def total_after_vouchers(self) -> Decimal:
        """What is to be paid after gift vouchers: now, or at the door."""
        return self.quote.now.total - self.by_vouchers

    @property
    def left_later(self) -> Decimal:
        return self.quote.door.total - self.by_vouchers

    @property
    def payable(self) -> list[OrderLine]:
        return eligibility.payable(
            (seen.line for seen in self.lines), {seen.line.pk: seen.facts for seen in self.lines}
        )

    @property
    def at_the_door(self) -> bool:
        return all(seen.facts is not None and seen.facts.at_the_door for seen in self.lines)


def new(payer: User | None = None) -> Order:
    return Order.objects.create(payer=payer, currency=settings.CURRENCY, **_known_payer(payer))


def _known_payer(payer: User | None) -> dict[str, str]:
    """An account with a name need not be asked who pays."""
    name = payer.get_full_name() if payer else ""
    return {"payer_name": name, "payer_email": payer.email} if payer and name else {}


def beside(order: Order) -> Order:
    """Another cart for whoever pays that order; it becomes their account's when it is placed."""
    fields = ("currency", "payer_name", "payer_email", "street", "city", "area", "postcode", "country")
    return Order.objects.create(**{name: getattr(order, name) for name in fields})


def of(account: User) -> Order | None:
    return Order.objects.filter(payer=account, state=Order.State.CART).first()


@transaction.atomic
def add(
    cart: Order,
    kind: str,
    product_id: int,
    details: dict[str, Any] | None = None,
    replaces: OrderLine | None = None,
) -> OrderLine:
    """The same choice twice is one line, so a double click adds one. It may take the place of an earlier, paid line."""
    kinds.get(kind)
    locks.order(cart.pk)
    said = {"kind": kind, "product_id": product_id, "details": details or {}, "replaces": replaces}
    same = cart.lines.filter(**said).first()
    if same:
        return same
    if cart.lines.count() >= MOST_LINES:
        raise Full
    return cart.lines.create(**said)


@transaction.atomic
def remove(cart: Order, line_id: int, at: datetime) -> str:
    """With the last line that it fits the discount code goes, too; returns the sentence that says so, or ''."""
    OrderLine.objects.filter(pk=line_id, order=cart, order__state=Order.State.CART).delete()
    if cart.code is None:
        return ""
    try:
        discount_codes.check_fits(cart.code, _items(cart, at))
    except discount_codes.Refused as refused:
        text = cart.code.text.upper()
        use_code(cart, "", at)
        return f"The code {text} was removed. {refused}"
    return ""


def _items(cart: Order, at: datetime) -> tuple[quotes.Item, ...]:
    seen = [_see_line(line, at) for line in cart.lines.all()]
    return items_of((each.line, each.facts) for each in seen)


@transaction.atomic
def merge(cart: Order, account: User) -> Order:
    """At log-in what was chosen before joins what lay in the account's cart."""
    cart = locks.order(cart.pk)
    locks.account(account)
    mine = of(account)
    if cart.state != Order.State.CART or cart == mine or cart.payer_id is not None:
        return mine or cart
    if mine is None:
        cart.payer = account
        for name, value in _known_payer(account).items():
            setattr(cart, name, getattr(cart, name) or value)
        cart.save(update_fields=["payer", "payer_name", "payer_email"])
        return cart
    for line in cart.lines.all():
        if mine.lines.count() < MOST_LINES:
            line.order = mine
            line.save(update_fields=["order"])
    mine.vouchers.add(*cart.vouchers.all())
    if mine.code is None and cart.code is not None:
        mine.code = cart.code
        mine.save(update_fields=["code"])
    cart.delete()
    return mine


def see(cart: Order, at: datetime) -> Sight:
    lines = [_see_line(line, at) for line in cart.lines.all()]
    items = items_of((seen.line, seen.facts) for seen in lines)
    discount, problem = None, ""
    if cart.code is not None:
        try:
            discount_codes.check_fits(discount_codes.check(cart.code, cart.payer, at), items)
            discount = discount_codes.terms(cart.code)
        except discount_codes.Refused as refused:
            problem = str(refused)
    quote = quote_of(cart, items, discount, at)
    sight = Sight(lines, quote, problem)
    return replace(sight, vouchers=tuple(redemption.seen(cart, sight.payable, quote.now, at)))


def _see_line(line: OrderLine, at: datetime) -> Seen:
    try:
        kind = kinds.of(line)
        about = kind.describe(line)
        line.title, line.detail = about.title, about.detail
        facts, promised = exchanges.facts_of(line, at), terms.offered(line, at)
        said = terms.sentences(promised, at), terms.withdrawal(promised)
        if facts.is_free:
            said = [terms.Sentence(terms.FREE)], ""
        problems = exchanges.problems(line, at) or kind.problems(line, at)
        return Seen(line, about, facts, problems, *said)
    except kinds.UnknownKind:
        return Seen(line, kinds.Description(GONE), None, [GONE])
    except kinds.Unavailable as gone:
        return Seen(line, kinds.Description(line.title or GONE), None, [str(gone) or GONE])


def items_of(lines: Iterable[tuple[OrderLine, kinds.Facts | None]]) -> tuple[quotes.Item, ...]:
    return tuple(quotes.Item(line.pk, line.kind, line.product_id, facts) for line, facts in lines if facts)


def quote_of(
    cart: Order, items: tuple[quotes.Item, ...], discount: quotes.Discount | None, at: datetime
) -> quotes.Quote:
    return quotes.quote(
        quotes.Ask(
            items=items,
            currency=cart.currency,
            discount=discount,
            credit=credit.available(cart.payer, cart.currency),
            lost=quotes.lost_by(items, at),
        )
    )


def enter(cart: Order, text: str, at: datetime) -> None:
    """One field takes both, a gift voucher's code and a discount code; raises Refused."""
    voucher = voucher_codes.find(text)
    if voucher is None:
        use_code(cart, text, at)
    else:
        redemption.choose(cart, voucher, see(cart, at).payable, at)


def use_code(cart: Order, text: str, at: datetime) -> Code | None:
    """Put a code into the cart, or with an empty text take it out."""
    code = discount_codes.check(discount_codes.find(text), cart.payer, at) if text.strip() else None
    if code is not None:
        discount_codes.check_fits(code, _items(cart, at))
    Order.objects.filter(pk=cart.pk, state=Order.State.CART).update(code=code)
    cart.code = code
    return code


def tidy() -> int:
    """Carts that nobody came back to."""
    old = Order.objects.filter(state=Order.State.CART, created_at__lt=timezone.now() - FORGOTTEN_AFTER)
    return old.delete()[0]
