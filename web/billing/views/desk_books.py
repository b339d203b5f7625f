"""The desk: the day sheet with its count, and the books for the accountant."""

import csv
from collections.abc import Iterator
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
    chosen = _day(request.GET.get("day", ""))
    may_count = at_the_desk(session_cart.member(request), "billing.add_tillcount")
    if request.method == "POST":
        return _count(request, chosen) if may_count else HttpResponse(status=403)
    return _sheet(request, chosen, may_count)


def _day(text: str) -> date:
    """Any other text than a day is today; the future has no sheet."""
    return min(search.read_day(text) or dates.today(), dates.today())


def _count(request: HttpRequest, chosen: date) -> HttpResponse:
    form = CountForm(request.POST)
    if form.is_valid():
        try:
            till.count(chosen, **form.cleaned_data, by=session_cart.member(request))
            messages.success(request, "The count has been saved.")
            return redirect(f"{reverse('desk_day')}?day={chosen.isoformat()}")
        except till.Refused as wrong:
            form.add_error("why", str(wrong))
    return _sheet(request, chosen, True, form)


def _sheet(request: HttpRequest, chosen: date, may_count: bool, refused: CountForm | None = None) -> HttpResponse:
    drawers = [(each, _form(each, refused)) for each in till.sheet(chosen)]
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
    one = {"variant": drawer.variant, "currency": drawer.currency}
    if refused is not None and {name: refused.data.get(name) for name in one} == one:
        return refused
    return CountForm(initial=one, auto_id=f"id_{drawer.variant}_{drawer.currency}_%s")


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
    response = StreamingHttpResponse(_lines(span), content_type="text/csv; charset=utf-8")
    name = f"books-{span.since.isoformat()}-{span.until.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class Echo:
    """A file that hands back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _lines(span: bookkeeping.Span) -> Iterator[str]:
    writer = csv.writer(Echo())
    for row in bookkeeping.table(span):
        yield writer.writerow(row)
