"""Cancellation at the desk, under the policy or with an exception: one click previews it, the next confirms it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import session_cart
from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_options import CancellationOption
from billing.domain.cancellations.cancellation_quote import CancellationQuote
from billing.domain.cancellations.line_cancellation import ALREADY_CANCELED
from billing.domain.refunds import terms
from billing.domain.refunds.handovers import HAND_OVER
from billing.errors import CancellationChanged, OrderTransitionRefused
from billing.forms import CancelLineForm
from billing.models import OrderLine
from billing.views.cancellation import describe_result
from common.permissions import desk_form

TO_CONFIRM = _("This is a preview. Nothing has been canceled yet; press the button again to confirm.")


@desk_form("billing.cancel_order")
def cancel_line_at_desk(request: HttpRequest, number: int, line: int) -> HttpResponse:
    order_line = get_object_or_404(OrderLine.objects.select_related("order__payer"), pk=line, order_id=number)
    if order_line.canceled_at is not None:
        messages.info(request, ALREADY_CANCELED)
        return redirect("desk_order", number=number)
    at = timezone.now()
    try:
        step = cancellation_options.step_for_staff(order_line, at)
    except OrderTransitionRefused as refusal:
        return _line_cancellation_page(request, order_line, None, str(refusal), status=409)
    form = CancelLineForm(request.POST or None, step=step, has_account=order_line.order.payer is not None)
    if form.is_bound and not form.is_valid():
        return _line_cancellation_page(request, order_line, form, status=400)
    return (
        _cancel_line_as_shown(request, order_line, form)
        if form.is_bound
        else _preview_line_cancellation(request, order_line, form)
    )


def _cancel_line_as_shown(request: HttpRequest, line: OrderLine, form: CancelLineForm) -> HttpResponse:
    by, why = session_cart.require_account(request), form.cleaned_data["why"]
    option, seen = CancellationOption.of_staff(line, form.terms_step, by), form.cleaned_data["seen"]
    try:
        result = quoted_cancellation.cancel_as_quoted(line.order, option, timezone.now(), seen=seen, why=why, by=by)
    except CancellationChanged:
        return _preview_line_cancellation(request, line, form, str(TO_CONFIRM))
    except OrderTransitionRefused as refusal:
        return _line_cancellation_page(request, line, form, str(refusal), status=409)
    opening = gettext("%(line)s is canceled.") % {"line": line}
    messages.success(request, describe_result(result, opening, pick_up=HAND_OVER))
    return redirect("desk_order", number=line.order_id)


def _preview_line_cancellation(
    request: HttpRequest, line: OrderLine, form: CancelLineForm, problem: str = ""
) -> HttpResponse:
    option = CancellationOption.of_staff(line, form.terms_step, session_cart.require_account(request))
    try:
        quote = quoted_cancellation.quote_cancellation(line.order, option, timezone.now())
    except OrderTransitionRefused as refusal:
        return _line_cancellation_page(request, line, form, str(refusal))
    form.initial["seen"] = quote.fingerprint
    return _line_cancellation_page(request, line, form, problem, quote)


def _line_cancellation_page(
    request: HttpRequest,
    line: OrderLine,
    form: CancelLineForm | None,
    problem: str = "",
    quote: CancellationQuote | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    at = timezone.now()
    sold_terms = terms.terms_sold(line, at)
    context = {
        "order": line.order,
        "line": line,
        "form": form,
        "quote": quote,
        "problem": problem,
        "sentences": terms.terms_sentences(sold_terms, at),
        "withdrawal": terms.withdrawal_text(sold_terms, line.order),
    }
    return render(request, "billing/desk/cancel.html", context, status=status)
