"""The desk's pages for gift vouchers: the list, selling or giving one, and the actions on it."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import session_cart
from billing.domain import desk_sales
from billing.domain.vouchers import eligibility, office
from billing.errors import OrderNotPlaced, VoucherActionRefused
from billing.forms.vouchers import SCHOOL, ExtendVoucherForm, IssueVoucherForm
from billing.models import Voucher
from common import dates, search
from common.formats import format_date, format_money
from common.forms import ReasonForm
from common.permissions import desk_action, desk_form, desk_page
from users.domain import recent_history


@desk_page("billing.view_voucher")
def list_vouchers(request: HttpRequest) -> HttpResponse:
    text, folder, today = search.search_text(request), request.GET.get("show", ""), dates.local_today()
    context = {
        "page": Paginator(office.search_vouchers(text, folder, today), 50).get_page(request.GET.get("page")),
        "q": text,
        "chosen": folder,
        "choices": office.FOLDERS,
        "owed": _sums_text(office.outstanding_voucher_value(Voucher.objects.usable(today))),
        "expired": _sums_text(office.outstanding_voucher_value(Voucher.objects.expired(today))),
    }
    return render(request, "billing/desk/vouchers.html", context)


def _sums_text(sums: Iterable[tuple[Decimal, str]]) -> str:
    return ", ".join(format_money(amount, currency) for amount, currency in sums)


@desk_form("billing.add_voucher")
def issue_voucher(request: HttpRequest) -> HttpResponse:
    form = IssueVoucherForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            data, by = form.cleaned_data, session_cart.require_account(request)
            if data["how"] == SCHOOL:
                gift = (data["which"], form.chosen) if form.chosen else None
                voucher = office.issue_free_voucher(form.worth, gift, form.words, why=data["why"], by=by)
            else:
                payer = {"payer_name": data["payer_name"], "payer_email": data["payer_email"]}
                voucher = desk_sales.sell_voucher(form.line_details, data["how"], **payer, by=by)
            messages.success(request, _("Issued. Print the voucher or send its link."))
            return redirect("desk_voucher", number=voucher.pk)
        except (OrderNotPlaced, VoucherActionRefused) as refused:
            form.add_error(None, str(refused))
    return render(request, "billing/desk/voucher_issue.html", {"form": form}, status=400 if form.errors else 200)


@desk_page("billing.view_voucher")
def show_voucher(request: HttpRequest, number: int) -> HttpResponse:
    return _desk_voucher_page(request, _voucher_or_404(number))


def _voucher_or_404(number: int) -> Voucher:
    return get_object_or_404(Voucher.objects.select_related("line__order", "issued_by"), pk=number)


def _desk_voucher_page(request: HttpRequest, voucher: Voucher, **refused: forms.Form | forms.ModelForm) -> HttpResponse:
    action_forms = {
        "extend_form": ExtendVoucherForm(instance=_voucher_or_404(voucher.pk), auto_id="extend-%s"),
        "void_form": ReasonForm(auto_id="void-%s"),
    } | refused
    context = {
        "voucher": voucher,
        "problem": eligibility.voucher_refusal(voucher, voucher.currency, timezone.now()),
        "entries": voucher.entries.select_related("order", "created_by"),
        "history_lines": recent_history.recent_history_of(voucher),
    }
    return render(request, "billing/desk/voucher.html", context | action_forms, status=400 if refused else 200)


@desk_action("billing.change_voucher")
def extend_voucher(request: HttpRequest, number: int) -> HttpResponse:
    voucher, by = _voucher_or_404(number), session_cart.require_account(request)
    form = ExtendVoucherForm(request.POST, instance=_voucher_or_404(number), auto_id="extend-%s")

    def action() -> str:
        last_day = form.cleaned_data["expires_on"]
        office.extend_voucher_expiry(voucher, last_day, why=form.cleaned_data["why"], by=by)
        if last_day is None:
            return _("It doesn’t expire.")
        return _("Can be used until %(last_day)s.") % {"last_day": format_date(last_day)}

    return _perform_voucher_action(request, voucher, "extend_form", form, action)


@desk_action("billing.change_voucher")
def void_voucher(request: HttpRequest, number: int) -> HttpResponse:
    voucher, by = _voucher_or_404(number), session_cart.require_account(request)
    form = ReasonForm(request.POST, auto_id="void-%s")

    def action() -> str:
        balance = office.void_voucher(voucher, why=form.cleaned_data["why"], by=by)
        amount = format_money(balance, voucher.currency)
        return _("Voided. The remaining balance was %(amount)s.") % {"amount": amount}

    return _perform_voucher_action(request, voucher, "void_form", form, action)


def _perform_voucher_action(
    request: HttpRequest, voucher: Voucher, name: str, form: forms.Form | forms.ModelForm, action: Callable[[], str]
) -> HttpResponse:
    if form.is_valid():
        try:
            messages.success(request, action())
            return redirect("desk_voucher", number=voucher.pk)
        except VoucherActionRefused as refused:
            form.add_error(None, str(refused))
    return _desk_voucher_page(request, voucher, **{name: form})
