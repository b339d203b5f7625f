"""Product kinds: each is a class, named in PRODUCT_KINDS, that connects billing to something that is sold.

Billing manages the cart, the price and the money without knowing what a class or a download is. The product refers to
the order line, never the other way around.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import TextChoices
from django.forms import Form
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from billing.models import OrderLine
    from users.models import User

ZERO = Decimal(0)
AMOUNTS = ("full", "less", "prepay", "multi", "tax_percent", "carried", "discounts", "passed_on", "called_off")


class ProductUnavailable(Exception):
    """The product cannot be bought, or not anymore. The message tells the buyer why."""


class UnknownProductKind(LookupError):
    """No product kind of this name is installed."""


@dataclass(frozen=True)
class ProductDescription:
    title: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True)
class PriceFacts:
    """The values from which a line's price is calculated. They are stored with the order, which is priced again later
    by the rules of its purchase."""

    full: Decimal
    prepay: Decimal = ZERO
    """This is deducted if the whole order is paid no later than `starts`."""
    multi: Decimal = ZERO
    """The line contributes this to the multi-class discount; it is 0 for lines that are excluded from it."""
    attendee: str = ""
    """The same person has the same text within an order; lines of one attendee share the multi-class discount."""
    student_id: int | None = None
    """This is the attendee if known for certain: a personal code applies to this student's lines."""
    starts: datetime | None = None
    at_the_door: bool = False
    tax_percent: Decimal = ZERO
    """The tax is included in the price."""
    replaced: str = ""
    """This is the title of the earlier line that was exchanged for this one; see billing.domain.refunds.exchanges."""
    carried: Decimal = ZERO
    """This was paid for the replaced line."""
    discounts: Decimal = ZERO
    """The replaced line was reduced by this; the buyer keeps the reduction as far as the new price allows."""
    passed_on: Decimal = ZERO
    """The price of a replaced line is reduced by this amount, which was returned with the exchange."""
    less: Decimal = ZERO
    """The list price is reduced by this because of the product itself, for example because a part of it is over."""
    less_why: str = ""
    """The bill shows this reason for the reduction."""
    is_money: bool = False
    """A gift voucher is money: it is never discounted and cannot be paid with credit or with vouchers."""
    called_off: Decimal = ZERO
    """The school deducted this after the purchase for the classes that it canceled."""

    @property
    def net_price(self) -> Decimal:
        return self.full - self.less

    @property
    def is_free(self) -> bool:
        # The line of an exchange carries money that was paid, so it is not free even at a price of zero.
        return not self.net_price and not self.replaced

    def as_json(self) -> dict[str, Any]:
        return {name: _to_json_value(value) for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "PriceFacts":
        names = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in names}
        for name in AMOUNTS:
            values[name] = Decimal(values.get(name, 0))
        if isinstance(values.get("starts"), str):
            values["starts"] = parse_datetime(values["starts"])
        return cls(**values)


def _to_json_value(value: Any) -> Any:
    # Amounts become text and times keep their microseconds, so that nothing is lost.
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


class RefundMethod(TextChoices):
    REFUND = "refund", "money, the way it was paid"
    CREDIT = "credit", "credit with the school"


@dataclass(frozen=True)
class TermsStep:
    """A cancellation no later than `until` is refunded at this percentage."""

    percent: Decimal = Decimal(100)
    gives: str = RefundMethod.REFUND
    until: datetime | None = None
    """None means that the step has no deadline, or that it is not known yet."""
    rule: str = ""
    """The kind recalculates `until` by this rule when the product is rescheduled; it is "" for a fixed deadline."""
    label: str = ""
    """The label describes the deadline, such as “7 days before the first class begins”."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "TermsStep":
        until = stored.get("until")
        return cls(
            **{**stored, "percent": Decimal(stored["percent"]), "until": parse_datetime(until) if until else None}
        )


NOTHING = TermsStep(percent=ZERO)


@dataclass(frozen=True)
class Terms:
    """The refund of a canceled line, in steps from the earliest deadline on. After the last step nothing is refunded.

    The terms are stored with the line when the order is placed. Later changes do not affect it.
    """

    steps: tuple[TermsStep, ...] = (TermsStep(),)
    withdrawal_days: int = 0
    """The law lets a payer withdraw for this many days after ordering; 0 means that it does not."""
    keeps_used: bool = True
    """A payer who withdraws pays for the part that was used until then."""
    note: str = ""
    """The note is another sentence that a payer has to know before canceling."""

    def at(self, moment: datetime) -> TermsStep:
        return next((step for step in self.steps if step.until is None or moment <= step.until), NOTHING)

    def as_json(self) -> dict[str, Any]:
        steps = [{name: _to_json_value(value) for name, value in asdict(step).items()} for step in self.steps]
        return {**asdict(self), "steps": steps}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Terms":
        return cls(**{**stored, "steps": tuple(map(TermsStep.from_json, stored["steps"]))})


@dataclass(frozen=True)
class GiftOption:
    """A product that a voucher can be good for: the kind's own name of it, its title and its price."""

    what: str
    title: str
    price: Decimal


class ProductKind(ABC):
    """The base class of product kinds. `line.product_id` names the product, `line.details` its attendee and options.

    hold, confirm and release run inside the transaction that changes the order, with the order row locked; the kind
    locks its own rows. Lines are held in the order of (kind, product_id), so that two buyers never deadlock.
    """

    name: str = ""
    label: str = ""
    """The label is the plural that the office and buyers see, such as “Classes”."""
    is_discountable = True
    """Discount codes can be limited to this kind."""
    reserves_spots = False
    """An order of this kind reserves spots that others cannot take."""
    step_template: str = "billing/step.html"

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.label = cls.label or cls.name.capitalize()

    @abstractmethod
    def describe(self, line: "OrderLine") -> ProductDescription: ...

    @abstractmethod
    def price_facts(self, line: "OrderLine", at: datetime) -> PriceFacts: ...

    @abstractmethod
    def problems(self, line: "OrderLine", at: datetime) -> list[str]:
        """Return sentences why the line cannot be bought: it is full, closed or has no attendee, for example."""

    @abstractmethod
    def hold(self, line: "OrderLine", until: datetime | None) -> None:
        """Reserve the product, or raise ProductUnavailable. None means no end. An expired hold may be held again."""

    @abstractmethod
    def confirm(self, line: "OrderLine") -> None:
        """Fulfill a line that is paid or to be paid at the door; a door order is confirmed again when it is paid. Raise
        ProductUnavailable."""

    @abstractmethod
    def release(self, line: "OrderLine", why: str) -> None:
        """Release a line that is held or confirmed. Releasing it twice is harmless."""

    @abstractmethod
    def fulfilled_lines(self, lines: "Sequence[OrderLine]") -> set[int]:
        """Return the ids of the lines whose buyers have the product now. Use one query, because there may be many."""

    def attendee_label(self, line: "OrderLine") -> str:
        return ""

    def person_key(self, line: "OrderLine") -> str:
        """Return the same text for the same person, as named by the buyer, or "" if there is no attendee."""
        return ""

    def canceled_sentence(self, line: "OrderLine") -> str:
        return f"{line} is canceled."

    def lock_refundable(self, line: "OrderLine") -> None:
        """Lock the rows that decide the maximum refund, because the same transaction refunds next."""
        return

    def hand_over_to(self, line: "OrderLine", by: "OrderLine") -> None:
        """Exchange the line for another one, which is confirmed in the same transaction."""
        self.release(line, "Exchanged.")

    def terms(self, line: "OrderLine", at: datetime) -> Terms:
        """Return the terms for buying now; billing.domain.refunds.terms has those of a line that was bought."""
        return Terms()

    def step_deadline(self, line: "OrderLine", rule: str) -> datetime | None:
        """Recalculate the deadline of a step by its rule. None means that it cannot be known."""
        return None

    def share_used(self, line: "OrderLine", at: datetime) -> Decimal:
        """Return the used share of the product, from 0 to 1."""
        return ZERO

    def max_refund_percent(self, line: "OrderLine") -> Decimal:
        """Return the limit of a refund that neither the terms nor a person can exceed."""
        return Decimal(100)

    def gift_options(self, at: datetime) -> Sequence[GiftOption]:
        return []

    def matches_gift(self, line: "OrderLine", what: str) -> bool:
        return False

    def products(self, at: datetime) -> Sequence[tuple[int, str]]:
        """Return the id and title of each product that a discount code can be limited to."""
        return []

    def product_titles(self, numbers: Collection[int]) -> dict[int, str]:
        """Return the titles that buyers see, without products that do not exist."""
        return {}

    def search_products(self, word: str) -> "QuerySet[Any] | Sequence[int]":
        """Return the ids of products with this word in the title or as short code. A query set becomes a subquery."""
        return []

    def next_start(self, line: "OrderLine", at: datetime) -> datetime | None:
        return None

    def answers(self, line: "OrderLine") -> dict[str, Any]:
        """Return the details that the buyer entered, for ordering the same product again."""
        return dict(line.details)

    def checkout_form(self, line: "OrderLine", viewer: "User | None", data: Mapping[str, Any] | None) -> Form | None:
        """Return the form with the kind's own questions, prefixed with `line-<pk>`, or None if it has none."""
        return None

    def save_answers(self, line: "OrderLine", form: Form, viewer: "User | None") -> None:
        line.details = line.details | form.cleaned_data
        line.save(update_fields=["details"])


def kind_named(name: str) -> ProductKind:
    try:
        kind: ProductKind = import_string(settings.PRODUCT_KINDS[name])()
    except KeyError:
        raise UnknownProductKind(name) from None
    return kind


def kind_of_line(line: "OrderLine") -> ProductKind:
    return kind_named(line.kind)


def discountable_kind_choices() -> list[tuple[str, str]]:
    """Return choices for a form field. Invalid kinds are left out, because the system checks report them."""
    choices = []
    for name, path in installed_kinds():
        try:
            kind = import_string(path)
        except ImportError:
            continue
        if isinstance(kind, type) and issubclass(kind, ProductKind) and kind.is_discountable:
            choices.append((name, kind.label))
    return choices


def installed_kinds() -> Iterator[tuple[str, str]]:
    yield from settings.PRODUCT_KINDS.items()
