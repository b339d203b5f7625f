from decimal import Decimal
from typing import Any

from django.db import models


def amount(**options: Any) -> "models.DecimalField[Any, Any]":
    """Wide enough for every currency: three decimals, eleven figures before them."""
    return models.DecimalField(max_digits=14, decimal_places=3, **{"default": Decimal(0)} | options)


def exact(added: Decimal | None) -> Decimal:
    """SQLite adds as floats, and what should come to nothing comes to 0.000000000000004; nothing added is nothing."""
    return (added or Decimal(0)).quantize(Decimal("0.001"))
