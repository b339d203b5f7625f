"""Cancellation by the payer: a preview of the refund and its reason, and a button that does exactly what it shows."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing import session_cart
from billing.domain import product_kinds
from billing.domain.cancellations import quoted_cancellation
from billing.domain.cancellations.cancellation_quote import CancellationQuote
from billing.domain.cancellations.line_cancellation import ALREADY_CANCELED
from billing.domain.refunds.handovers import PICK_UP
from billing.errors import AlreadyCanceled, CancellationChanged, OrderTransitionRefused
from billing.models import Order, OrderLine
from common.formats import format_money
from common.views import FORM_METHODS


@require_http_methods(FORM_METHODS)
@never_cache
def cancel_line(request: HttpRequest, number: int, line: int) -> HttpResponse:
    order = session_cart.find_order(request, number)
    order_line = order.lines.filter(pk=line).first()
    if order_line is None:
        raise Http404
    return _preview_or_cancel(request, order, [order_line])


@require_http_methods(FORM_METHODS)
@never_cache
def cancel_order(request: HttpRequest, number: int) -> HttpResponse:
    order, at = session_cart.find_order(request, number), timezone.now()
    active_lines = order.lines.filter(canceled_at=None)
    return _preview_or_cancel(request, order, [line for line in active_lines if not line.given_away(at)])


def _preview_or_cancel(request: HttpRequest, order: Order, lines: Sequence[OrderLine]) -> HttpResponse:
    if not lines or lines[0].canceled_at is not None or order.state == Order.State.CANCELED:
        messages.info(request, ALREADY_CANCELED)
        return redirect(order.address())
    if request.method == "POST":
        return _cancel_as_shown(request, order, lines)
    return _cancellation_page(request, order, lines)


def _cancel_as_shown(request: HttpRequest, order: Order, lines: Sequence[OrderLine]) -> HttpResponse:
    at, by = timezone.now(), session_cart.account_of_request(request)
    canceled_by, seen = request.POST.get("canceled_by", ""), request.POST.get("seen", "")
    try:
        result = quoted_cancellation.cancel_for_payer(order, lines, canceled_by, at, seen=seen, by=by)
    except CancellationChanged as refusal:
        return _cancellation_page(request, order, lines, problem=str(refusal), status=409)
    except AlreadyCanceled as refusal:
        messages.info(request, str(refusal))
    except OrderTransitionRefused:
        return _cancellation_page(request, order, lines, status=409)
    else:
        messages.success(request, describe_result(result, _first_sentence(result, lines)))
    return redirect(order.address())


def _cancellation_page(
    request: HttpRequest, order: Order, lines: Sequence[OrderLine], *, problem: str = "", status: int = 200
) -> HttpResponse:
    quotes, refused = [], ""
    try:
        quotes = quoted_cancellation.quotes_for_payer(order, lines, timezone.now())
    except OrderTransitionRefused as refusal:
        refused = str(refusal)
    context = {"order": order, "lines": lines, "quotes": quotes, "refused": refused, "problem": problem}
    return render(request, "billing/cancel.html", context, status=status)


def describe_result(result: CancellationQuote, opening: str, *, pick_up: str = PICK_UP) -> str:
    sentences = [opening]
    if result.refunded_to_payment:
        sentences.append(
            _("Refund of %(amount)s started.") % {"amount": format_money(result.refunded_to_payment, result.currency)}
        )
    if result.picked_up:
        sentences.append(pick_up.format(format_money(result.picked_up, result.currency)))
    if result.credit:
        amount = format_money(result.credit, result.currency)
        sentences.append(_("%(amount)s was added to account credit.") % {"amount": amount})
    return " ".join(sentences)


def _first_sentence(result: CancellationQuote, lines: Sequence[OrderLine]) -> str:
    if result.option.is_withdrawal:
        return _("We’ve received your withdrawal and emailed you a confirmation.")
    if len(lines) > 1:
        return _("Your order is canceled.")
    try:
        return product_kinds.kind_of_line(lines[0]).canceled_sentence(lines[0])
    except product_kinds.UnknownProductKind:
        return _("%(line)s is canceled.") % {"line": lines[0]}
