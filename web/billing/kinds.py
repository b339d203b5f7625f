"""What can be bought: each kind of product is a class, named in PRODUCT_KINDS, that answers these questions.

Billing keeps the cart, the price and the money; it never learns what a class or a download is. The thing sold points
at the order line, never the other way round.
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


class Unavailable(Exception):
    """The product cannot be had (any more); the text says why, for the person who wants it."""


class UnknownKind(LookupError):
    """No product kind of this name is installed."""


@dataclass(frozen=True)
class Description:
    title: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True)
class Facts:
    """What the price of a line is made from; stored with the order, so that it can be priced again by its rules."""

    full: Decimal
    prepay: Decimal = ZERO
    """Off when the whole order is paid by the moment `starts`."""
    multi: Decimal = ZERO
    """What the line offers as a multi-class discount; 0 for lines that take no part in it."""
    attendee: str = ""
    """The same text for the same person within one order; lines of one attendee share the multi-class discount."""
    student_id: int | None = None
    """Who attends, when that is known for certain: a personal code fits this student's lines."""
    starts: datetime | None = None
    at_the_door: bool = False
    tax_percent: Decimal = ZERO
    """Part of the price, not on top of it."""
    replaced: str = ""
    """The earlier line, by its title, whose place this one takes; see billing.domain.refunds.exchanges."""
    carried: Decimal = ZERO
    """What was paid for it."""
    discounts: Decimal = ZERO
    """What was taken off it, and stays with the buyer; as much as fits the new price."""
    passed_on: Decimal = ZERO
    """On a line whose place another took: what it costs less, because it went back."""
    less: Decimal = ZERO
    """Off the full price for a reason of the thing itself, such as a part of it that is over."""
    less_why: str = ""
    """That reason, as the bill names it."""
    is_money: bool = False
    """What is bought is money again (a gift voucher): nothing is taken off, and neither credit nor vouchers pay it."""
    called_off: Decimal = ZERO
    """What the school took off after the purchase, for what it cancelled of it."""

    @property
    def net_price(self) -> Decimal:
        """Before any discount."""
        return self.full - self.less

    @property
    def is_free(self) -> bool:
        """As a free trial is; what took the spot of something paid gives that money back."""
        return not self.net_price and not self.replaced

    def as_json(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        for name in AMOUNTS:
            values[name] = Decimal(values.get(name, 0))
        if isinstance(values.get("starts"), str):
            values["starts"] = parse_datetime(values["starts"])
        return cls(**values)


def _plain(value: Any) -> Any:
    """Without loss: amounts as text, moments to the microsecond."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


class Gives(TextChoices):
    REFUND = "refund", "money, the way it was paid"
    CREDIT = "credit", "credit with the school"


@dataclass(frozen=True)
class Step:
    """Whoever cancels until then gets so much back."""

    percent: Decimal = Decimal(100)
    gives: str = Gives.REFUND
    until: datetime | None = None
    """None is without an end, or not known yet."""
    rule: str = ""
    """How the kind finds `until` anew when what was bought moves; '' for a moment that stays."""
    label: str = ""
    """Such as “7 days before the first class begins”."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Step":
        until = stored.get("until")
        return cls(
            **{**stored, "percent": Decimal(stored["percent"]), "until": parse_datetime(until) if until else None}
        )


NOTHING = Step(percent=ZERO)


@dataclass(frozen=True)
class Terms:
    """What comes back when a paid line is cancelled, step by step, the earliest first; after the last nothing does.

    Stored with the line when it is placed: these are the terms that were shown, and later ones change nothing.
    """

    steps: tuple[Step, ...] = (Step(),)
    withdrawal_days: int = 0
    """So long after ordering the law lets a payer withdraw; 0 where it does not."""
    keeps_used: bool = True
    """Whoever withdraws pays for what they have had by then."""
    note: str = ""
    """What else whoever cancels has to know, as a sentence."""

    def at(self, moment: datetime) -> Step:
        return next((step for step in self.steps if step.until is None or moment <= step.until), NOTHING)

    def as_json(self) -> dict[str, Any]:
        steps = [{name: _plain(value) for name, value in asdict(step).items()} for step in self.steps]
        return {**asdict(self), "steps": steps}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Terms":
        return cls(**{**stored, "steps": tuple(map(Step.from_json, stored["steps"]))})


@dataclass(frozen=True)
class Gift:
    """Something that can be given as a voucher: its name in the kind's own words, what people call it, its price."""

    what: str
    title: str
    price: Decimal


class ProductKind(ABC):
    """Every method gets the order line; `line.product_id` says which product, `line.details` who it is for and how.

    hold, confirm and release run inside the transaction that changes the order, with the order row locked; the kind
    locks its own rows. Lines are held in the order of (kind, product_id), so that two buyers never wait for each other.
    """

    name: str = ""
    label: str = ""
    """What the office and buyers call things of this kind, in the plural: “Classes”."""
    is_discountable = True
    """Whether a discount code can be made for it."""
    reserves_spots = False
    """Whether an order of this keeps a spot that others could take."""
    step_template: str = "billing/step.html"

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.label = cls.label or cls.name.capitalize()

    @abstractmethod
    def describe(self, line: "OrderLine") -> Description: ...

    @abstractmethod
    def price_facts(self, line: "OrderLine", at: datetime) -> Facts: ...

    @abstractmethod
    def problems(self, line: "OrderLine", at: datetime) -> list[str]:
        """Why this line cannot be bought as it stands (full, closed, nobody named to attend); [] when it can."""

    @abstractmethod
    def hold(self, line: "OrderLine", until: datetime | None) -> None:
        """Keep it for this line; None is without an end. Raises Unavailable. A lapsed hold may be asked for again."""

    @abstractmethod
    def confirm(self, line: "OrderLine") -> None:
        """It is theirs: paid, or to be paid at the door. Comes again when a door order is paid; raises Unavailable."""

    @abstractmethod
    def release(self, line: "OrderLine", why: str) -> None:
        """Let it go, held or confirmed; doing it twice is harmless."""

    @abstractmethod
    def fulfilled_lines(self, lines: "Sequence[OrderLine]") -> set[int]:
        """The ids of those lines whose buyers have the thing now; asked of many at once, so one query for all."""

    def attendee_label(self, line: "OrderLine") -> str:
        """Whom it is for, by name; '' where that is nobody in particular."""
        return ""

    def person_key(self, line: "OrderLine") -> str:
        """The same text for the same person, as the buyer named them; '' for nobody in particular."""
        return ""

    def canceled_sentence(self, line: "OrderLine") -> str:
        """What the payer reads first once this line is canceled."""
        return f"{line} is canceled."

    def lock_refundable(self, line: "OrderLine") -> None:
        """Lock what `most_back` is read from: it is acted on next, in this transaction."""
        return

    def hand_over_to(self, line: "OrderLine", by: "OrderLine") -> None:
        """What this line stood for has become another line's, which is confirmed in the same transaction."""
        self.release(line, "Exchanged.")

    def terms(self, line: "OrderLine", at: datetime) -> Terms:
        """The terms for buying now; billing.domain.refunds.terms has those of a line that was bought."""
        return Terms()

    def step_deadline(self, line: "OrderLine", rule: str) -> datetime | None:
        """When a step of the terms would end by its rule as things stand now; None when that cannot be told."""
        return None

    def share_used(self, line: "OrderLine", at: datetime) -> Decimal:
        """Which share of it they have had by then, from 0 to 1."""
        return ZERO

    def max_refund_percent(self, line: "OrderLine") -> Decimal:
        """How many percent of it can come back at all, whatever was promised and whoever allows more."""
        return Decimal(100)

    def gift_options(self, at: datetime) -> Sequence[Gift]:
        """What of this kind can be given as a voucher at present; such a voucher is worth what it cost."""
        return []

    def matches_gift(self, line: "OrderLine", what: str) -> bool:
        """Whether a voucher for that gift may pay for this line."""
        return False

    def products(self, at: datetime) -> Sequence[tuple[int, str]]:
        """What a discount code can be made for one by one, as the office tells them apart: (product id, title)."""
        return []

    def product_titles(self, numbers: Collection[int]) -> dict[int, str]:
        """What buyers call these products; those that do not exist are left out."""
        return {}

    def search_products(self, word: str) -> "QuerySet[Any] | Sequence[int]":
        """The ids of those that the office calls so, also by a short code. A query becomes part of a larger one."""
        return []

    def next_start(self, line: "OrderLine", at: datetime) -> datetime | None:
        """When what the line is for happens next; None for what has no such time."""
        return None

    def answers(self, line: "OrderLine") -> dict[str, Any]:
        """Of its details those that the buyer gave, for ordering the same again."""
        return dict(line.details)

    def checkout_form(self, line: "OrderLine", viewer: "User | None", data: Mapping[str, Any] | None) -> Form | None:
        """The kind's own questions in the checkout (prefix the form with `line-<pk>`); None when it has none."""
        return None

    def save_answers(self, line: "OrderLine", form: Form, viewer: "User | None") -> None:
        """Store the valid answers of `step`; by default they become the line's details."""
        line.details = line.details | form.cleaned_data
        line.save(update_fields=["details"])


def get(name: str) -> ProductKind:
    try:
        kind: ProductKind = import_string(settings.PRODUCT_KINDS[name])()
    except KeyError:
        raise UnknownKind(name) from None
    return kind


def of(line: "OrderLine") -> ProductKind:
    return get(line.kind)


def discountable() -> list[tuple[str, str]]:
    """The kinds that a discount code can be made for, as choices.

    Django asks for them while the checks run, so a kind that is not one is left to our own check to name.
    """
    found = ((name, _class_of(path)) for name, path in installed())
    return [(name, kind.label) for name, kind in found if kind is not None and kind.is_discountable]


def _class_of(path: str) -> type[ProductKind] | None:
    try:
        found = import_string(path)
    except ImportError:
        return None
    return found if isinstance(found, type) and issubclass(found, ProductKind) else None


def installed() -> Iterator[tuple[str, str]]:
    yield from settings.PRODUCT_KINDS.items()
