"""The desk's pages for the daily cash count and for bookkeeping."""

import csv
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from billing import session_cart
from billing.domain import books as bookkeeping
from billing.domain import till
from billing.domain.reconciling import summing
from billing.domain.vouchers import account
from billing.forms import CountForm, DaysForm
from common import dates, search
from users.roles import at_the_desk, desk_required


@require_http_methods(["GET", "HEAD", "POST"])
@desk_required("billing.view_tillcount")
def day(request: HttpRequest) -> HttpResponse:
    # Text that is not a date shows today. There is no sheet for a future day.
    chosen = min(search.read_day(request.GET.get("day", "")) or dates.today(), dates.today())
    user = session_cart.member(request)
    may_count = at_the_desk(user, "billing.add_tillcount")
    if request.method != "POST":
        return _sheet(request, chosen, may_count)
    if not may_count:
        return HttpResponse(status=403)
    form = CountForm(request.POST)
    if form.is_valid():
        try:
            till.count(chosen, **form.cleaned_data, by=user)
            messages.success(request, "The count has been saved.")
            return redirect(f"{reverse('desk_day')}?day={chosen.isoformat()}")
        except till.Refused as refusal:
            form.add_error("why", str(refusal))
    return _sheet(request, chosen, True, form)


def _sheet(request: HttpRequest, chosen: date, may_count: bool, refused: CountForm | None = None) -> HttpResponse:
    drawers = [(drawer, _form(drawer, refused)) for drawer in till.sheet(chosen)]
    context: dict[str, Any] = {
        "day": chosen,
        "before": chosen - timedelta(days=1),
        "after": chosen + timedelta(days=1) if chosen < dates.today() else None,
        "drawers": drawers,
        "may_count": may_count,
        "uncounted": list(till.uncounted(dates.today() - timedelta(days=1))),
    }
    return render(request, "billing/desk/day.html", context, status=400 if refused else 200)


def _form(drawer: till.Drawer, refused: CountForm | None) -> CountForm:
    drawer_data = {"variant": drawer.variant, "currency": drawer.currency}
    if refused is not None and {name: refused.data.get(name) for name in drawer_data} == drawer_data:
        return refused
    return CountForm(initial=drawer_data, auto_id=f"id_{drawer.variant}_{drawer.currency}_%s")


@require_safe
@desk_required("billing.export_books")
def books(request: HttpRequest) -> HttpResponse:
    form = DaysForm(request.GET or None, initial=summing.last_month())
    span = bookkeeping.Span(**(form.cleaned_data if form.is_valid() else summing.last_month()))
    if form.is_bound and not form.is_valid():
        return render(request, "billing/desk/books.html", {"form": form}, status=400)
    context = {
        "form": form,
        "span": span,
        "sums": bookkeeping.sums(span),
        "codes": bookkeeping.codes(),
        "vouchers": account.movements(*span.moments),
    }
    return render(request, "billing/desk/books.html", context)


@require_safe
@desk_required("billing.export_books")
def download(request: HttpRequest) -> HttpResponseBase:
    form = DaysForm(request.GET)
    if not form.is_valid():
        return render(request, "billing/desk/books.html", {"form": form}, status=400)
    span = bookkeeping.Span(**form.cleaned_data)
    writer = csv.writer(Echo())
    lines = (writer.writerow(row) for row in bookkeeping.table(span))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"books-{span.since.isoformat()}-{span.until.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class Echo:
    """A file that returns each line instead of storing it, so that the export can be streamed."""

    def write(self, line: str) -> str:
        return line
