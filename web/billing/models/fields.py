from decimal import Decimal
from typing import Any

from common.amounts import AmountField


def amount(**options: Any) -> AmountField:
    return AmountField(**{"default": Decimal(0)} | options)


def exact(added: Decimal | None) -> Decimal:
    """SQLite adds as floats, and what should come to nothing comes to 0.000000000000004; nothing added is nothing."""
    return (added or Decimal(0)).quantize(Decimal("0.001"))
