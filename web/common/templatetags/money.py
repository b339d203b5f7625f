from decimal import Decimal

from django import template
from django.conf import settings

from common.money import show

register = template.Library()


@register.filter
def money(amount: Decimal | None, currency: str = "") -> str:
    """`{{ order.total|money:order.currency }}`; without a currency the school's own."""
    return "" if amount is None else show(amount, currency or settings.CURRENCY)
