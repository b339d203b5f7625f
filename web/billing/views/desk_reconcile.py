"""The desk: our books beside the gateways'. Nothing is fetched or compared in a request."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import session_cart
from billing.domain.reconciling import deeds, runs, summing
from billing.forms import DaysForm, WhyForm
from billing.gateways import configuration
from billing.models import Book, Finding, Reconciliation
from users.roles import at_the_desk, desk_required

ACT = "billing.reconcile"
OPEN, ALL = "open", "all"


@require_http_methods(["GET", "HEAD", "POST"])
@desk_required("billing.view_reconciliation")
def index(request: HttpRequest) -> HttpResponse:
    user = session_cart.member(request)
    may_act = at_the_desk(user, ACT)
    form = DaysForm(request.POST or None, initial=summing.last_month())
    if may_act and form.is_valid():
        try:
            run = runs.begin(**form.cleaned_data, by=user)
            return redirect("desk_reconciliation", run=run.pk)
        except runs.NoSuchSpan as wrong:
            form.add_error(None, str(wrong))
    page = Paginator(Reconciliation.objects.select_related("by"), 30).get_page(request.GET.get("page"))
    waiting = summing.waiting(page)
    context = {
        "page": page,
        "listed": [(run, waiting.get(run.pk, 0)) for run in page],
        "form": form if may_act else None,
        "gateways": runs.with_books(),
        "incomplete": configuration.incomplete_gateways(),
    }
    return render(request, "billing/desk/reconciliations.html", context)


@require_safe
@never_cache
@desk_required("billing.view_reconciliation")
def one(request: HttpRequest, run: int) -> HttpResponse:
    found = get_object_or_404(Reconciliation.objects.select_related("by"), pk=run)
    context = _standing(found)
    if found.ended_at:
        context |= _findings(request, found)
    return render(request, "billing/desk/reconciliation.html", context)


@require_safe
@never_cache
@desk_required("billing.view_reconciliation")
def progress(request: HttpRequest, run: int) -> HttpResponse:
    """The moving part of a run's page; when the run is over the whole page is to come again."""
    found = get_object_or_404(Reconciliation, pk=run)
    response = render(request, "billing/desk/_progress.html", _standing(found))
    if found.ended_at:
        response["HX-Refresh"] = "true"
    return response


def _standing(run: Reconciliation) -> dict[str, Any]:
    return {"run": run, "books": list(run.books.all())}


def _findings(request: HttpRequest, run: Reconciliation) -> dict[str, Any]:
    payouts = summing.payouts(run)
    chosen = request.GET.get("show", OPEN)
    rows = Finding.objects.filter(book__run=run).exclude(verdict="")
    if chosen in Finding.Verdict.values:
        rows = rows.filter(verdict=chosen)
    elif chosen != ALL:
        rows = rows.open()
    rows = rows.select_related("book", "order", "line", "payment", "refund__payment", "closed_by")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    return {
        "tallies": summing.tallies(run),
        "sides": summing.sides(run),
        "payouts": payouts,
        "charts": summing.drawn(payouts),
        "chosen": chosen,
        "page": page,
        "suggested": [(finding, deeds.possible(finding)) for finding in page],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@desk_required("billing.view_reconciliation")
def finding(request: HttpRequest, finding: int) -> HttpResponse:
    rows = Finding.objects.select_related("book__run", "order", "line", "payment", "refund__payment", "closed_by")
    found = get_object_or_404(rows.exclude(verdict=""), pk=finding)
    may_act = at_the_desk(session_cart.member(request), ACT)
    if request.method == "POST":
        return _act(request, found) if may_act else HttpResponse(status=403)
    return _page(request, found, may_act)


def _act(request: HttpRequest, found: Finding) -> HttpResponse:
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _page(request, found, True, form)
    try:
        deed = deeds.do(
            found, request.POST.get("deed", ""), why=form.cleaned_data["why"], by=session_cart.member(request)
        )
    except deeds.CannotBe as refused:
        messages.error(request, str(refused))
        return redirect("desk_finding", finding=found.pk)
    messages.success(request, deed.done)
    return redirect("desk_reconciliation", run=found.book.run_id)


def _page(request: HttpRequest, found: Finding, may_act: bool, refused: forms.Form | None = None) -> HttpResponse:
    context = {
        "finding": found,
        "deeds": deeds.possible(found) if may_act and found.is_open else [],
        "questions": found.questions.select_related("by"),
        "form": refused,
    }
    return render(request, "billing/desk/finding.html", context, status=400 if refused else 200)


@require_POST
@desk_required(ACT)
def again(request: HttpRequest, book: int) -> HttpResponse:
    found = get_object_or_404(Book.objects.select_related("run"), pk=book)
    runs.again(found, session_cart.member(request))
    return redirect("desk_reconciliation", run=found.run_id)
