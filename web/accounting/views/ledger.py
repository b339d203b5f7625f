"""The desk's pages for the daily cash count and for bookkeeping."""

import csv
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounting.domain import day_sheet as cash_counts
from accounting.domain import ledger_export, voucher_liability
from accounting.domain.reconciliation import totals
from accounting.errors import AccountingRefused
from accounting.forms import CashCountForm, DateRangeForm
from billing import session_cart
from common import dates, search
from common.permissions import can_use_desk, desk_form, desk_page


@desk_form("accounting.view_cashcount")
def day_sheet(request: HttpRequest) -> HttpResponse:
    # Text that is not a date shows today. There is no sheet for a future day.
    chosen = min(search.read_day(request.GET.get("day", "")) or dates.local_today(), dates.local_today())
    user = session_cart.require_account(request)
    may_count = can_use_desk(user, "accounting.add_cashcount")
    if request.method != "POST":
        return _day_sheet_page(request, chosen, may_count)
    if not may_count:
        return HttpResponse(status=403)
    form = CashCountForm(request.POST)
    if form.is_valid():
        try:
            cash_counts.record_cash_count(chosen, **form.cleaned_data, by=user)
            messages.success(request, _("The count has been saved."))
            return redirect(f"{reverse('desk_day')}?day={chosen.isoformat()}")
        except AccountingRefused as refusal:
            form.add_error("why", str(refusal))
    return _day_sheet_page(request, chosen, True, form)


def _day_sheet_page(
    request: HttpRequest, chosen: date, may_count: bool, refused: CashCountForm | None = None
) -> HttpResponse:
    drawers = [(drawer, _form_of_drawer(drawer, refused)) for drawer in cash_counts.drawers_of_day(chosen)]
    context: dict[str, Any] = {
        "day": chosen,
        "before": chosen - timedelta(days=1),
        "after": chosen + timedelta(days=1) if chosen < dates.local_today() else None,
        "drawers": drawers,
        "may_count": may_count,
        "uncounted": list(cash_counts.uncounted_days(dates.local_today() - timedelta(days=1))),
    }
    return render(request, "accounting/desk/day_sheet.html", context, status=400 if refused else 200)


def _form_of_drawer(drawer: cash_counts.CashDrawer, refused: CashCountForm | None) -> CashCountForm:
    drawer_data = {"variant": drawer.variant, "currency": drawer.currency}
    if refused is not None and {name: refused.data.get(name) for name in drawer_data} == drawer_data:
        return refused
    return CashCountForm(initial=drawer_data, auto_id=f"id_{drawer.variant}_{drawer.currency}_%s")


@desk_page("accounting.export_ledger")
def bookkeeping_summary(request: HttpRequest) -> HttpResponse:
    form = DateRangeForm(request.GET or None, initial=totals.last_month())
    span = ledger_export.DateRange(**(form.cleaned_data if form.is_valid() else totals.last_month()))
    if form.is_bound and not form.is_valid():
        return render(request, "accounting/desk/ledger.html", {"form": form}, status=400)
    context = {
        "form": form,
        "span": span,
        "sums": ledger_export.totals_by_method(span),
        "codes": ledger_export.account_codes(),
        "vouchers": voucher_liability.liability_movements(*span.moments),
    }
    return render(request, "accounting/desk/ledger.html", context)


@desk_page("accounting.export_ledger")
def download_bookkeeping(request: HttpRequest) -> HttpResponseBase:
    form = DateRangeForm(request.GET)
    if not form.is_valid():
        return render(request, "accounting/desk/ledger.html", {"form": form}, status=400)
    span = ledger_export.DateRange(**form.cleaned_data)
    writer = csv.writer(EchoWriter())
    lines = (writer.writerow(row) for row in ledger_export.ledger_table(span))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"books-{span.since.isoformat()}-{span.until.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class EchoWriter:
    """A file that returns each line instead of storing it, so that the export can be streamed."""

    def write(self, line: str) -> str:
        return line
