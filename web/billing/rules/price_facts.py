"""What the price of one line is calculated from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.money import ZERO

AMOUNTS = (
    "list_price",
    "reduction",
    "early_discount",
    "multi_class_discount",
    "tax_percent",
    "exchange_credit",
    "exchanged_discounts",
    "returned_on_exchange",
    "canceled_by_school",
)


@dataclass(frozen=True)
class PriceFacts:
    """The values from which a line's price is calculated. They are stored with the order, which is priced again later
    from them."""

    list_price: Decimal
    early_discount: Decimal = ZERO
    """This is deducted if the whole order is paid no later than `first_meeting_at`."""
    multi_class_discount: Decimal = ZERO
    """The line contributes this to the multi-class discount; it is 0 for lines that are excluded from it."""
    attendee: str = ""
    """The same person has the same text within an order; lines of one attendee share the multi-class discount."""
    student_id: int | None = None
    """This is the attendee if known for certain: a personal code applies to this student's lines."""
    first_meeting_at: datetime | None = None
    at_the_door: bool = False
    is_part: bool = False
    """The line is for a part of the product; a discount code for whole products does not apply."""
    tax_percent: Decimal = ZERO
    """The tax is included in the price."""
    exchanged_title: str = ""
    """This is the title of the earlier line that was exchanged for this one; see billing.domain.refunds.exchanges."""
    exchange_credit: Decimal = ZERO
    """This was paid for the replaced line."""
    exchanged_discounts: Decimal = ZERO
    """The replaced line was reduced by this; the buyer keeps the reduction as far as the new price allows."""
    returned_on_exchange: Decimal = ZERO
    """The price of a replaced line is reduced by this amount, which was returned with the exchange."""
    reduction: Decimal = ZERO
    """The list price is reduced by this because of the product itself, for example because a part of it is over."""
    reduction_reason: str = ""
    """The bill shows this reason for the reduction."""
    is_money: bool = False
    """A gift voucher is money: it is never discounted and cannot be paid with credit or with vouchers."""
    canceled_by_school: Decimal = ZERO
    """The school deducted this after the purchase for the classes that it canceled."""

    @property
    def net_price(self) -> Decimal:
        return self.list_price - self.reduction

    @property
    def is_free(self) -> bool:
        # The line of an exchange carries money that was paid, so it is not free even at a price of zero.
        return not self.net_price and not self.exchanged_title

    def as_json(self) -> dict[str, Any]:
        return {name: to_json_value(value) for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "PriceFacts":
        names = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in names}
        for name in AMOUNTS:
            values[name] = Decimal(values.get(name, 0))
        if isinstance(values.get("first_meeting_at"), str):
            values["first_meeting_at"] = datetime.fromisoformat(values["first_meeting_at"])
        return cls(**values)


def to_json_value(value: Any) -> Any:
    # Amounts become text and times keep their microseconds, so that nothing is lost.
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
