"""The desk's pages for payments, refunds to hand over, payment issues and account credit."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import session_cart
from billing.domain import payment_issues
from billing.domain.orders import due_dates
from billing.domain.payments import credit_holds
from billing.domain.pricing import credit
from billing.domain.refunds import handovers
from billing.errors import InsufficientCredit
from billing.forms import CreditForm, ResolvePaymentIssueForm
from billing.models import Dispute, Payment, PaymentIssue, Refund
from common import search
from common.formats import format_money
from common.forms import ReasonForm
from common.money import ZERO
from common.permissions import can_use_desk, desk_action, desk_form, desk_page
from users.models import User

HOLD_DECISIONS = {"release": credit_holds.release_hold, "take_back": credit_holds.take_back_held_credit}


@desk_page("billing.view_payment")
def list_payments(request: HttpRequest) -> HttpResponse:
    received = Payment.objects.exclude(captured_at=None).select_related("order", "recorded_by")
    received = received.prefetch_related("refunds", "disputes").order_by("-captured_at")
    page = Paginator(received, 50).get_page(request.GET.get("page"))
    waiting = Refund.objects.exclude(state__in=[Refund.State.DONE, Refund.State.FAILED])
    context = {"page": page, "waiting": waiting.select_related("payment__order")[:100]}
    return render(request, "billing/desk/payments.html", context)


@desk_action("billing.add_refund")
def record_refund_handover(request: HttpRequest, refund: int) -> HttpResponse:
    due_refund = get_object_or_404(Refund.objects.select_related("payment"), pk=refund)
    if not handovers.is_refunded_by_hand(due_refund.payment):
        raise Http404
    if handovers.record_handover(due_refund.pk, session_cart.require_account(request)):
        amount = format_money(due_refund.amount, due_refund.payment.currency)
        messages.success(request, _("Handover of %(amount)s recorded.") % {"amount": amount})
    else:
        messages.info(request, _("This handover was already recorded."))
    return redirect("desk_order", number=due_refund.payment.order_id)


@desk_page("billing.view_paymentissue")
def list_payment_issues(request: HttpRequest) -> HttpResponse:
    issues = PaymentIssue.objects.filter(closed_at=None).select_related("order", "payment").order_by("opened_at")
    page = Paginator(issues, 50).get_page(request.GET.get("page"))
    waiting = payment_issues.handover_refunds_by_issue(page)
    listed = [(issue, waiting.get(issue.pk)) for issue in page]
    return render(request, "billing/desk/payment_issues.html", {"page": page, "listed": listed})


@desk_action("billing.change_paymentissue")
def close_payment_issue(request: HttpRequest, case: int) -> HttpResponse:
    issue = get_object_or_404(PaymentIssue.objects.select_related("order"), pk=case)
    form, user = ResolvePaymentIssueForm(request.POST), session_cart.require_account(request)
    if payment_issues.handover_refunds_by_issue([issue]):
        text = _("Record the handover on the order: it closes this issue. (Order %(order_number)s)")
        messages.error(request, text % {"order_number": issue.order_id})
    elif form.is_valid():
        payment_issues.close_issue(issue, answer=form.cleaned_data["answer"], by=user)
        messages.success(request, _("Resolved."))
    else:
        messages.error(request, _("Please enter what was done."))
    return redirect("desk_payment_issues")


@desk_page("billing.view_credit")
def list_credit(request: HttpRequest) -> HttpResponse:
    text = search.search_text(request)
    users = User.objects.filter(email__icontains=text) if text else User.objects.exclude(credit_entries=None)
    users = users.annotate(balance=Coalesce(Sum("credit_entries__amount"), ZERO))
    page = Paginator(users.order_by("first_name", "last_name", "pk"), 50).get_page(request.GET.get("page"))
    return render(request, "billing/desk/all_credit.html", {"page": page, "q": text, "currency": settings.CURRENCY})


@desk_form("billing.view_credit")
def show_credit(request: HttpRequest, account: int) -> HttpResponse:
    person, user = get_object_or_404(User, pk=account), session_cart.require_account(request)
    may_give = can_use_desk(user, "billing.give_credit")
    form = CreditForm(request.POST or None)
    if may_give and form.is_valid():
        try:
            credit.adjust_credit(
                person, form.cleaned_data["amount"], settings.CURRENCY, why=form.cleaned_data["why"], by=user
            )
            return redirect("desk_credit_of", account=account)
        except InsufficientCredit:
            form.add_error("amount", _("The balance is too low for that."))
        except ValueError:
            form.add_error("amount", _("This isn’t a valid amount in the school’s currency."))
    may_trust = can_use_desk(user, "billing.change_order")
    entries = person.credit_entries.select_related("order", "created_by")
    context = {
        "person": person,
        "page": Paginator(entries, 50).get_page(request.GET.get("page")),
        "balances": credit.credit_balances(person),
        "holds": [(hold, ReasonForm(auto_id=f"hold-{hold.pk}-%s")) for hold in credit_holds.open_holds(person)],
        "form": form if may_give else None,
        "trusted": due_dates.due_date_for(person, timezone.now()),
        "trust_form": ReasonForm(auto_id="trust-%s") if may_trust else None,
    }
    return render(request, "billing/desk/credit.html", context)


@desk_action("billing.give_credit")
def decide_credit_hold(request: HttpRequest, dispute: int) -> HttpResponse:
    held = get_object_or_404(Dispute.objects.select_related("payment__order"), pk=dispute, credit_held__gt=0)
    account, form = held.payment.order.payer_id, ReasonForm(request.POST)
    decide = HOLD_DECISIONS.get(request.POST.get("action", ""))
    if decide is None or account is None:
        raise Http404
    if not form.is_valid():
        messages.error(request, _("Please enter a reason."))
    elif decide(held.pk, timezone.now(), why=form.cleaned_data["why"], by=session_cart.require_account(request)):
        messages.success(request, _("Saved."))
    else:
        messages.info(request, _("This was already decided."))
    return redirect("desk_credit_of", account=account)


@desk_action("billing.change_order")
def set_payer_trust(request: HttpRequest, account: int) -> HttpResponse:
    person, form = get_object_or_404(User, pk=account), ReasonForm(request.POST)
    if form.is_valid():
        due_dates.set_pay_later_allowed(
            person, "trust" in request.POST, why=form.cleaned_data["why"], by=session_cart.require_account(request)
        )
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Please enter a reason."))
    return redirect("desk_credit_of", account=account)
