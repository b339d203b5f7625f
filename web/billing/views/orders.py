"""The payer's pages: an order at its secret address, its receipt, all orders, and account credit."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import session_cart
from billing.domain import status_text
from billing.domain.orders import amounts, pay_at_door, reorder, voucher_redemption
from billing.domain.payments import credit_holds, gateway_polling, payment_status_text
from billing.domain.pricing import balances, credit
from billing.domain.refunds import handovers, terms
from billing.errors import ConfirmationLinkExpired, DiscountCodeRefused, OrderTransitionRefused, ProductUnavailable
from billing.models import Order, Voucher
from billing.views.form_targets import leads_to_gateways
from billing.views.payments import payment_context, try_to_stop_payment
from billing.voucher_kind import VoucherKind
from common.formats import format_money
from common.permissions import account_page
from common.throttle import rate_limited, uncount_request
from common.views import FORM_METHODS


@require_safe
@never_cache
@leads_to_gateways
def show_own_order(request: HttpRequest, number: int, *, is_result: bool = False) -> HttpResponse:
    """Show the order. At the address to which a gateway sends the payer back, the heading says what happened."""
    order, at = session_cart.find_order(request, number), timezone.now()
    prefetch_related_objects([order], "lines__exchanged_to__order", "payments__disputes", "payments__refunds")
    payments, bill = order.payments.all(), balances.itemized_lines(order, at)
    sells_vouchers = any(line.kind == VoucherKind.name for line in order.lines.all())
    context: dict[str, Any] = {
        "order": order,
        "is_result": is_result,
        "bill": bill,
        "amounts": amounts.summarize_amounts(order, at, bill),
        "line_terms": terms.terms_of_lines(order, at),
        "payments": [payment for payment in payments if payment.captured_at],
        "handover": handovers.handover_text(order) if any(payment.refunded_amount for payment in payments) else "",
        "vouchers": Voucher.objects.filter(line__order=order) if sells_vouchers else [],
    } | payment_context(order, at)
    status, is_new = context["status"], amounts.is_recently_completed(order, at)
    context["just_paid"] = is_new and status.is_paid
    context["just_reserved"] = is_new and order.is_paid_later and status.can_pay
    context["takes_voucher"] = context["owed"] and order.can_be_paid(at) and not context["in_progress"]
    if order.awaits_click and status.can_pay:
        context["unconfirmed"] = payment_status_text.text_for_unconfirmed_order(order, at)
    return render(request, "billing/order.html", context)


@require_safe
@never_cache
def show_receipt(request: HttpRequest, number: int) -> HttpResponse:
    order = session_cart.find_order(request, number)
    if not order.is_paid:
        raise Http404
    bill = balances.itemized_lines(order, timezone.now())
    school_lines = [settings.BUSINESS_ADDRESS, settings.BUSINESS_PHONE, settings.OFFICE_EMAIL]
    context = {
        "order": order,
        "bill": bill,
        "amounts": amounts.summarize_amounts(order, timezone.now(), bill),
        "payments": order.payments.exclude(captured_at=None),
        "credit": credit.credit_spent_on(order),
        "tax": balances.included_tax(bill, order.currency),
        "price": amounts.amount_due_sentence(order, timezone.now()),
        "school": {"lines": list(filter(None, school_lines)), "tax_id": settings.BUSINESS_TAX_ID},
    }
    return render(request, "billing/receipt.html", context)


@require_POST
def pay_at_the_door(request: HttpRequest, number: int) -> HttpResponse:
    order, at = session_cart.find_order(request, number), timezone.now()
    if not try_to_stop_payment(request, order):  # A payment that is open at a gateway is canceled first.
        return redirect(order.address())
    try:
        pay_at_door.switch_to_pay_at_door(order, at, is_owner=session_cart.is_payer_of_order(request, order))
    except (OrderTransitionRefused, ProductUnavailable) as refused:
        messages.error(request, str(refused))
    else:
        order.refresh_from_db()
        session_cart.remember_hold(request, order)
        if not order.awaits_click:
            messages.success(request, _spots_reserved_text(order, at))
    return redirect(order.address())


def _spots_reserved_text(order: Order, at: datetime) -> str:
    return f"{_('Your spots are reserved.')} {amounts.amount_due_sentence(order, at)}"


@require_POST
@rate_limited("link of an order", by_address="20/h")
def send_link_again(request: HttpRequest, number: int) -> HttpResponse:
    """Send the link again. The answer is the same whether or not anything is sent, so it reveals nothing."""
    order = session_cart.find_order(request, number)
    pay_at_door.resend_confirmation_link(order, timezone.now())
    messages.info(request, _("If this order still needs to be confirmed, we’ve emailed the link again."))
    return redirect(order.address())


@require_http_methods(FORM_METHODS)
@never_cache
def confirm_order(request: HttpRequest, number: int) -> HttpResponse:
    """Confirm the order by a button, because mail programs open the links in a mail by themselves."""
    order, at = session_cart.find_order_to_confirm(request, number), timezone.now()
    if not order.awaits_click and not order.has_expired(at):
        return redirect(order.address())
    status = 200
    if request.method == "POST":
        try:
            pay_at_door.confirm_door_order(order, at)
        except ConfirmationLinkExpired:
            order.refresh_from_db()
            status = 409
        except ProductUnavailable as refusal:
            messages.error(request, str(refusal))
            return redirect(order.address())
        else:
            order.refresh_from_db()
            if not amounts.is_recently_completed(order, at):  # Otherwise the order's page says so itself.
                messages.success(request, _spots_reserved_text(order, at))
            return redirect(order.address())
    context = {"order": order, "expired": order.has_expired(at), "bill": balances.itemized_lines(order, at)}
    context["deadline"] = status_text.deadline_text(order.held_until)
    return render(request, "billing/confirm_spot.html", context, status=status)


@require_POST
def order_again(request: HttpRequest, number: int) -> HttpResponse:
    """Go to the checkout if everything is still available, else to the cart, which says what is not."""
    order, at = session_cart.find_order(request, number), timezone.now()
    if not reorder.can_be_ordered_again(order, at):
        return redirect(order.address())
    cart = session_cart.find_or_create_cart(request)
    missing = reorder.refill_cart(cart, order, at)
    for sentence in missing:
        messages.warning(request, sentence)
    return redirect("cart" if missing else "checkout")


@require_POST
@rate_limited("code", by_address="60/h", by_account="30/h")
def use_voucher(request: HttpRequest, number: int) -> HttpResponse:
    order = session_cart.find_order(request, number)
    gateway_polling.close_outdated_attempts(order, timezone.now())
    try:
        paid = voucher_redemption.redeem_voucher_on_order(order, request.POST.get("code", "")[:40], timezone.now())
    except (OrderTransitionRefused, DiscountCodeRefused) as refused:
        messages.error(request, str(refused))
    else:
        uncount_request(request)
        amount = format_money(paid, order.currency)
        messages.success(request, _("Your voucher has paid %(amount)s.") % {"amount": amount})
    return redirect(order.address())


@account_page
def my_orders(request: HttpRequest) -> HttpResponse:
    orders = Order.objects.visible_to(session_cart.require_account(request))
    orders = orders.prefetch_related("lines", "payments__refunds", "payments__disputes")
    page = Paginator(orders, 25).get_page(request.GET.get("page"))
    return render(request, "billing/my_orders.html", {"page": page})


@account_page
def my_credit(request: HttpRequest) -> HttpResponse:
    user = session_cart.require_account(request)
    page = Paginator(user.credit_entries.select_related("order"), 25).get_page(request.GET.get("page"))
    return render(
        request,
        "billing/my_credit.html",
        {"page": page, "balances": credit.credit_balances(user), "holds": credit_holds.open_holds(user)},
    )
