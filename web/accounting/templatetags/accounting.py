from django import template

from accounting.domain import day_sheet
from accounting.domain.reconciliation import totals
from accounting.models import CashCount

register = template.Library()


@register.filter
def cash_count_text(count: CashCount) -> str:
    return day_sheet.cash_count_text(count)


@register.filter
def gateway_name(variant: str) -> str:
    return totals.gateway_name(variant)
