from decimal import Decimal
from typing import Any

from common.amounts import AmountField


def money_field(**options: Any) -> AmountField:
    return AmountField(**{"default": Decimal(0)} | options)


def exact_sum(total: Decimal | None) -> Decimal:
    """Round a sum that the database calculated, because SQLite adds floats. The sum of no rows is 0."""
    return (total or Decimal(0)).quantize(Decimal("0.001"))
