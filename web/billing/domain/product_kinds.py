"""Product kinds: each is a class, named in PRODUCT_KINDS, that connects billing to something that is sold.

Billing manages the cart, the price and the money without knowing what a class or a download is. The product refers to
the order line, never the other way around.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.forms import Form
from django.utils.module_loading import import_string

from billing.errors import ProductUnavailable
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms
from common.money import ZERO

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from billing.models import OrderLine
    from users.models import User


class UnknownProductKind(LookupError):
    """No product kind of this name is installed."""


@dataclass(frozen=True)
class ProductDescription:
    title: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True)
class GiftOption:
    """A product that a voucher can be good for: the kind's own name of it, its title and its price."""

    what: str
    title: str
    price: Decimal


class ProductKind(ABC):
    """The base class of product kinds. `line.product_id` names the product, `line.details` what the buyer typed.

    hold, confirm and release run inside the transaction that changes the order, with the order row locked; the kind
    locks its own rows. Lines are held in the order of (kind, product_id), so that two buyers never deadlock.
    """

    name: str = ""
    label: str = ""
    """The label is the plural that the office and buyers see, such as “Classes”."""
    part_label: str = ""
    """The plural of what is sold of a part of a product (`line.part_id`). Empty if products are sold as a whole."""
    is_discountable = True
    """Discount codes can be limited to this kind."""
    reserves_spots = False
    """An order of this kind reserves spots that others cannot take."""
    step_template: str = "billing/step.html"

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.label = cls.label or cls.name.capitalize()

    def load(self, lines: "Sequence[OrderLine]", at: datetime) -> None:
        """Load what the answers about all these lines need, in a number of queries that does not depend on how many
        there are. Without it, each answer loads what it needs."""
        return

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

    def hold_lines(self, lines: "Sequence[OrderLine]", until: datetime | None) -> None:
        """Reserve all these lines of one order. Raise ProductUnavailable with the title of the one that cannot be."""
        for line in lines:
            try:
                self.hold(line, until)
            except ProductUnavailable as unavailable:
                unavailable.title = line.title
                raise

    @abstractmethod
    def confirm(self, line: "OrderLine") -> None:
        """Fulfill a line that is paid or to be paid at the door; a door order is confirmed again when it is paid. Raise
        ProductUnavailable."""

    def confirm_lines(self, lines: "Sequence[OrderLine]") -> Mapping[int, str]:
        """Fulfill these lines of one order. Return why a line cannot be, by the ids of such lines."""
        reasons = {}
        for line in lines:
            try:
                with transaction.atomic():
                    self.confirm(line)
            except ProductUnavailable as unavailable:
                reasons[line.pk] = str(unavailable)
        return reasons

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

    def step_deadlines(self, line: "OrderLine", rules: Collection[str]) -> Mapping[str, datetime | None]:
        """Recalculate the deadlines of steps by their rules. None means that it cannot be known."""
        return {}

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
        """Return the details that the buyer typed, for ordering the same product again."""
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


def group_by_kind(lines: "Iterable[OrderLine]") -> "dict[str, list[OrderLine]]":
    lines_by_kind: dict[str, list[OrderLine]] = {}
    for line in lines:
        lines_by_kind.setdefault(line.kind, []).append(line)
    return lines_by_kind


def load_kinds(lines: "Iterable[OrderLine]", at: datetime) -> "dict[str, ProductKind]":
    """Return the installed kinds of the lines by name. Each has loaded what it needs to answer about all its lines."""
    lines_by_kind = group_by_kind(lines)
    kinds = {name: kind_named(name) for name in lines_by_kind if name in settings.PRODUCT_KINDS}
    for name, kind in kinds.items():
        kind.load(lines_by_kind[name], at)
    return kinds


def installed_kinds() -> Iterator[tuple[str, str]]:
    yield from settings.PRODUCT_KINDS.items()
