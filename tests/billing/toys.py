"""A product kind for tests: toys, whose whole state is stored in the order lines."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.test import override_settings

from billing.domain.product_kinds import GiftOption, ProductDescription, ProductKind
from billing.errors import ProductUnavailable
from billing.models import Order, OrderLine
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms, TermsStep
from users.models import User

KINDS = {"toy": "tests.billing.toys.ToyKind", "voucher": "billing.voucher_kind.VoucherKind"}
with_toys = override_settings(PRODUCT_KINDS=KINDS)
HAS_IT = ("held", "confirmed")
TOY_CHANGE = r'UPDATE "billing_orderline" SET "details"'
"""The statement with which a toy is held, confirmed or released, for tests of what happens meanwhile."""


@dataclass
class Toy:
    price: str = "70"
    prepay: str = "0"
    multi: str = "0"
    starts: datetime | None = None
    at_the_door: bool = True
    stock: int = 1000
    percent_back: str = "100"
    gives: str = "refund"
    until: datetime | None = None
    used: str = "0"
    asks_name: bool = False
    offered: bool = True


class NameForm(forms.Form):
    attendee = forms.CharField(label="Whose toy is it?")


class ToyKind(ProductKind):
    name = "toy"
    label = "Toys"
    catalogue: ClassVar[dict[int, Toy]] = {}
    confirmed: ClassVar[list[int]] = []
    """The lines that were confirmed, also where the transaction was rolled back."""

    def toy_of(self, line: OrderLine) -> Toy:
        try:
            return self.catalogue[line.product_id]
        except KeyError:
            raise ProductUnavailable("This toy is not made any more.") from None

    def describe(self, line: OrderLine) -> ProductDescription:
        self.toy_of(line)
        return ProductDescription(f"Toy {line.product_id}", line.details.get("attendee", ""))

    def price_facts(self, line: OrderLine, at: datetime) -> PriceFacts:
        toy = self.toy_of(line)
        return PriceFacts(
            list_price=Decimal(toy.price),
            early_discount=Decimal(toy.prepay),
            multi_class_discount=Decimal(toy.multi),
            attendee=line.details.get("attendee", ""),
            student_id=line.details.get("student_id"),
            first_meeting_at=toy.starts,
            at_the_door=toy.at_the_door,
        )

    def problems(self, line: OrderLine, at: datetime) -> list[str]:
        left = self.toy_of(line).stock - self.count_taken(line)
        return [] if left > 0 else ["sold out"]

    def count_taken(self, line: OrderLine) -> int:
        others = OrderLine.objects.filter(kind="toy", product_id=line.product_id, details__state__in=HAS_IT)
        return others.exclude(pk=line.pk).count()

    def hold(self, line: OrderLine, until: datetime | None) -> None:
        if self.problems(line, datetime.min):
            raise ProductUnavailable("sold out")
        self.store_state(line, "held")

    def confirm(self, line: OrderLine) -> None:
        self.toy_of(line)
        self.confirmed.append(line.pk)
        self.store_state(line, "confirmed")

    def release(self, line: OrderLine, why: str) -> None:
        self.store_state(line, "released")

    def hand_over_to(self, line: OrderLine, by: OrderLine) -> None:
        self.store_state(line, "exchanged")

    def fulfilled_lines(self, lines: Sequence[OrderLine]) -> set[int]:
        fresh = OrderLine.objects.filter(pk__in=[line.pk for line in lines], details__state="confirmed")
        return set(fresh.values_list("pk", flat=True))

    def store_state(self, line: OrderLine, state: str) -> None:
        line.details["state"] = state
        line.save(update_fields=["details"])

    def terms(self, line: OrderLine, at: datetime) -> Terms:
        toy = self.toy_of(line)
        return Terms((TermsStep(Decimal(toy.percent_back), toy.gives, toy.until, "until" if toy.until else ""),))

    def step_deadlines(self, line: OrderLine, rules: Collection[str]) -> dict[str, datetime | None]:
        return dict.fromkeys(rules, self.toy_of(line).until)

    def share_used(self, line: OrderLine, at: datetime) -> Decimal:
        return Decimal(self.toy_of(line).used)

    def gift_options(self, at: datetime) -> list[GiftOption]:
        return [GiftOption(str(number), f"Toy {number}", Decimal(toy.price)) for number, toy in self.catalogue.items()]

    def products(self, at: datetime) -> list[tuple[int, str]]:
        return [(number, f"Toy {number}") for number, toy in self.catalogue.items() if toy.offered]

    def product_titles(self, numbers: Collection[int]) -> dict[int, str]:
        return {number: f"Toy {number}" for number in numbers if number in self.catalogue}

    def matches_gift(self, line: OrderLine, what: str) -> bool:
        return str(line.product_id) == what

    def answers(self, line: OrderLine) -> dict[str, Any]:
        return {name: value for name, value in line.details.items() if name != "state"}

    def checkout_form(self, line: OrderLine, viewer: User | None, data: Mapping[str, Any] | None) -> forms.Form | None:
        if not self.toy_of(line).asks_name:
            return None
        return NameForm(data, prefix=f"line-{line.pk}", initial=line.details)


def toy_states(order: Order) -> list[str]:
    return [line.details.get("state", "") for line in order.lines.order_by("pk")]
