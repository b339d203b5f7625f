from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing import gateways, visit
from billing.domain import words
from billing.domain.reconciling import summing
from billing.models import Order, OrderLine, Payment

register = template.Library()


@register.simple_tag(takes_context=True)
def cart_lines(context: template.Context) -> int:
    """How many things lie in the viewer's cart; for a visitor who has none it costs no query."""
    cart = visit.cart(context["request"])
    return cart.lines.count() if cart else 0


@register.filter
def in_words(thing: Order | Payment) -> SafeString:
    said = words.of_order(thing) if isinstance(thing, Order) else words.of_payment(thing)
    return format_html('<span class="badge {}">{}</span>', said.tone, said.text)


@register.filter
def its_end(line: OrderLine) -> str:
    return words.of_end(line)


@register.filter
def negative(amount: Decimal) -> Decimal:
    return -amount


@register.filter
def way_to_pay(payment: Payment) -> str:
    return gateways.label_of(payment)


@register.filter
def whose_books(variant: str) -> str:
    return summing.name_of(variant)
