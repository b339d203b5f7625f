"""The desk's pages for gift vouchers: the list, selling or giving one, and the actions on it."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import session_cart
from billing.domain.orders import placement
from billing.domain.vouchers import eligibility, office
from billing.forms import WhyForm
from billing.forms.vouchers import SCHOOL, ExtendForm, IssueForm
from billing.models import Voucher
from common import dates, search
from common.formats import format_date, format_money
from users.domain import recent_history
from users.roles import desk_required


@require_safe
@desk_required("billing.view_voucher")
def index(request: HttpRequest) -> HttpResponse:
    text, folder, today = search.words(request), request.GET.get("show", ""), dates.today()
    context = {
        "page": Paginator(office.matching(text, folder, today), 50).get_page(request.GET.get("page")),
        "q": text,
        "chosen": folder,
        "choices": office.FOLDERS,
        "owed": office.owed(Voucher.objects.usable(today)),
        "expired": office.owed(Voucher.objects.expired(today)),
        "today": today,
    }
    return render(request, "billing/desk/vouchers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_required("billing.add_voucher")
def issue(request: HttpRequest) -> HttpResponse:
    form = IssueForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            data, by = form.cleaned_data, session_cart.member(request)
            if data["how"] == SCHOOL:
                gift = (data["which"], form.chosen) if form.chosen else None
                voucher = office.give(form.worth, gift, form.words, why=data["why"], by=by)
            else:
                payer = {"payer_name": data["payer_name"], "payer_email": data["payer_email"]}
                voucher = office.sell(form.details, data["how"], **payer, by=by)
            messages.success(request, "Issued. Print the voucher or send its link.")
            return redirect("desk_voucher", number=voucher.pk)
        except (placement.NotPlaced, office.Refused) as refused:
            form.add_error(None, str(refused))
    return render(request, "billing/desk/voucher_issue.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
@desk_required("billing.view_voucher")
def one(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, _voucher(number))


def _voucher(number: int) -> Voucher:
    return get_object_or_404(Voucher.objects.select_related("line__order", "issued_by"), pk=number)


def _page(request: HttpRequest, voucher: Voucher, **refused: forms.Form | forms.ModelForm) -> HttpResponse:
    action_forms = {
        "extend_form": ExtendForm(instance=_voucher(voucher.pk), auto_id="extend-%s"),
        "void_form": WhyForm(auto_id="void-%s"),
    } | refused
    context = {
        "voucher": voucher,
        "problem": eligibility.why_not(voucher, voucher.currency, timezone.now()),
        "entries": voucher.entries.select_related("order", "by"),
        "happened": recent_history.to(voucher),
    }
    return render(request, "billing/desk/voucher.html", context | action_forms, status=400 if refused else 200)


@require_POST
@desk_required("billing.change_voucher")
def extend(request: HttpRequest, number: int) -> HttpResponse:
    voucher, by = _voucher(number), session_cart.member(request)
    form = ExtendForm(request.POST, instance=_voucher(number), auto_id="extend-%s")

    def action() -> str:
        last_day = form.cleaned_data["expires_on"]
        office.extend(voucher, last_day, why=form.cleaned_data["why"], by=by)
        return f"Can be used until {format_date(last_day)}." if last_day else "It doesn’t expire."

    return _act(request, voucher, "extend_form", form, action)


@require_POST
@desk_required("billing.change_voucher")
def void(request: HttpRequest, number: int) -> HttpResponse:
    voucher, by = _voucher(number), session_cart.member(request)
    form = WhyForm(request.POST, auto_id="void-%s")

    def action() -> str:
        balance = office.void(voucher, why=form.cleaned_data["why"], by=by)
        return f"Voided. The remaining balance was {format_money(balance, voucher.currency)}."

    return _act(request, voucher, "void_form", form, action)


def _act(
    request: HttpRequest, voucher: Voucher, name: str, form: forms.Form | forms.ModelForm, action: Callable[[], str]
) -> HttpResponse:
    if form.is_valid():
        try:
            messages.success(request, action())
            return redirect("desk_voucher", number=voucher.pk)
        except office.Refused as refused:
            form.add_error(None, str(refused))
    return _page(request, voucher, **{name: form})
