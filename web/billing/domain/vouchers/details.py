"""What the order line of a gift voucher stores about the gift and its recipient."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Self

from billing.models import OrderLine
from common.money import ZERO

DAYS = ("deliver_on", "expires_on")


@dataclass(frozen=True)
class VoucherDetails:
    amount: Decimal = ZERO
    """The amount is 0 if the voucher is for a class."""
    gift: str = ""
    """The class, as `sales.gift_options` names it."""
    gift_title: str = ""
    recipient_name: str = ""
    recipient_email: str = ""
    giver_name: str = ""
    message: str = ""
    deliver_on: date | None = None
    expires_on: date | None = None
    is_expiry_set: bool = False
    """Whether the expiry date was decided. A voucher without one never expires."""

    @classmethod
    def from_line(cls, line: OrderLine) -> Self:
        stored = {field.name: line.details[field.name] for field in fields(cls) if field.name in line.details}
        days = {name: date.fromisoformat(stored[name]) for name in DAYS if name in stored}
        return cls(**stored | {"amount": Decimal(stored.get("amount", 0))} | days)

    def as_json(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: str(value) if isinstance(value, Decimal | date) else value for name, value in values.items() if value
        }

    def save_to(self, line: OrderLine) -> None:
        line.details = self.as_json()
        line.save(update_fields=["details"])
