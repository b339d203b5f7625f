from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing import gateways, session_cart
from billing.domain import status_text
from billing.domain.refunds import handovers
from billing.models import Order, OrderLine, Payment, Refund
from users.models import User

register = template.Library()


@register.inclusion_tag("billing/header_tools.html", takes_context=True)
def header_tools(context: template.Context) -> dict[str, Any]:
    orders = session_cart.orders_for_header(context["request"])
    placed = [order for order in orders if order.state != Order.State.CART]
    to_pay = [order for order in placed if order.due_kind != Order.Due.DOOR]
    item_count = sum(order.item_count for order in orders if order.state == Order.State.CART)  # type: ignore[attr-defined]
    return {
        "item_count": item_count,
        "to_pay": to_pay,
        "until": status_text.time_to_pay_text(to_pay[0]) if len(to_pay) == 1 else "",
        "to_confirm": [(order, status_text.time_to_pay_text(order)) for order in placed if order.awaits_click],
        "at_the_door": [order for order in placed if order.due_kind == Order.Due.DOOR and not order.awaits_click],
    }


@register.filter
def status_badge(record: Order | Payment | Refund) -> SafeString:
    if isinstance(record, Order):
        status = status_text.order_status(record)
    elif isinstance(record, Payment):
        status = status_text.payment_status(record)
    else:
        status = status_text.refund_status(record)
    return format_html('<span class="badge {}">{}</span>', status.tone, status.text)


@register.filter
def belongs_to(line: OrderLine | None, user: User) -> bool:
    # A spot that was entered without an order has no line.
    return line is not None and line.order.belongs_to(user)


@register.filter
def refunded_text(payment: Payment) -> str:
    return status_text.refunded_text(payment)


@register.filter
def awaits_handover(refund: Refund) -> bool:
    return handovers.awaits_handover(refund)


@register.filter
def handover_button(refund: Refund) -> str:
    if not handovers.is_refund_picked_up(refund.payment):
        return _("Record transfer sent")
    return _("Record %(method)s handed over") % {"method": gateways.gateway_label(refund.payment).lower()}


@register.filter
def cancellation_text(line: OrderLine) -> str:
    return status_text.cancellation_text(line)


@register.filter
def negative(amount: Decimal) -> Decimal:
    return -amount


@register.filter
def payment_method(payment: Payment) -> str:
    return gateways.method_of(payment)
