"""The desk's pages for reconciliation with the gateways. Workers fetch and compare; no request does."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from accounting.domain.reconciliation import actions, runs, totals
from accounting.errors import AccountingRefused
from accounting.forms import DateRangeForm
from accounting.models import Finding, GatewayStatement, Reconciliation
from billing import session_cart
from billing.gateways import configuration
from common.forms import ReasonForm
from common.permissions import can_use_desk, desk_action, desk_form, desk_page
from common.views import redirect_with, refusal_as_message

ACT = "accounting.reconcile"
OPEN, ALL = "open", "all"


@desk_form("accounting.view_reconciliation")
def list_reconciliations(request: HttpRequest) -> HttpResponse:
    user = session_cart.require_account(request)
    may_act = can_use_desk(user, ACT)
    form = DateRangeForm(request.POST or None, initial=totals.last_month())
    if may_act and form.is_valid():
        try:
            run = runs.start_run(**form.cleaned_data, by=user)
            return redirect("desk_reconciliation", run=run.pk)
        except AccountingRefused as refusal:
            form.add_error(None, str(refusal))
    page = Paginator(Reconciliation.objects.select_related("started_by"), 30).get_page(request.GET.get("page"))
    waiting = totals.open_counts_by_run(page)
    context = {
        "page": page,
        "listed": [(run, waiting.get(run.pk, 0)) for run in page],
        "form": form if may_act else None,
        "gateways": runs.comparable_gateways(),
        "incomplete": configuration.incomplete_gateways(),
    }
    return render(request, "accounting/desk/reconciliations.html", context)


@desk_page("accounting.view_reconciliation")
@never_cache
def show_reconciliation(request: HttpRequest, run: int) -> HttpResponse:
    reconciliation = get_object_or_404(Reconciliation.objects.select_related("started_by"), pk=run)
    context = _run_context(reconciliation)
    if reconciliation.ended_at:
        context |= _findings_context(request, reconciliation)
    return render(request, "accounting/desk/reconciliation.html", context)


@desk_page("accounting.view_reconciliation")
@never_cache
def reconciliation_progress(request: HttpRequest, run: int) -> HttpResponse:
    reconciliation = get_object_or_404(Reconciliation, pk=run)
    response = render(request, "accounting/desk/_progress.html", _run_context(reconciliation))
    if reconciliation.ended_at:
        response["HX-Refresh"] = "true"  # The page reloads to show the findings.
    return response


def _run_context(run: Reconciliation) -> dict[str, Any]:
    return {"run": run, "statements": list(run.statements.all())}


def _findings_context(request: HttpRequest, run: Reconciliation) -> dict[str, Any]:
    payouts = totals.payouts_of_run(run)
    chosen = request.GET.get("show", OPEN)
    rows = Finding.objects.filter(statement__run=run).exclude(verdict="")
    if chosen in Finding.Verdict.values:
        rows = rows.filter(verdict=chosen)
    elif chosen != ALL:
        rows = rows.open()
    rows = rows.select_related("statement", "order", "line", "payment", "refund__payment", "closed_by")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    return {
        "tallies": totals.count_by_verdict(run),
        "sides": totals.totals_by_statement(run),
        "payouts": payouts,
        "charts": totals.chart_rows(payouts),
        "chosen": chosen,
        "lists_open": chosen == OPEN,
        "lists_all": chosen == ALL,
        "page": page,
        "suggested": [(finding, actions.possible_actions(finding)) for finding in page],
    }


@desk_form("accounting.view_reconciliation")
@never_cache
def show_finding(request: HttpRequest, finding: int) -> HttpResponse:
    rows = Finding.objects.select_related("statement__run", "order", "line", "payment", "refund__payment", "closed_by")
    row = get_object_or_404(rows.exclude(verdict=""), pk=finding)
    user = session_cart.require_account(request)
    may_act = can_use_desk(user, ACT)
    if request.method != "POST":
        return _finding_page(request, row, may_act)
    if not may_act:
        return HttpResponse(status=403)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _finding_page(request, row, True, form)
    with refusal_as_message(request):
        action = actions.perform_action(row, request.POST.get("action", ""), why=form.cleaned_data["why"], by=user)
        return redirect_with(request, action.done_text, "desk_reconciliation", run=row.statement.run_id)
    return redirect("desk_finding", finding=row.pk)


def _finding_page(request: HttpRequest, row: Finding, may_act: bool, refused: forms.Form | None = None) -> HttpResponse:
    context = {
        "finding": row,
        "actions": actions.possible_actions(row) if may_act and row.is_open else [],
        "questions": row.questions.select_related("asked_by"),
        "form": refused,
    }
    return render(request, "accounting/desk/finding.html", context, status=400 if refused else 200)


@desk_action(ACT)
def retry_statement(request: HttpRequest, pk: int) -> HttpResponse:
    statement = get_object_or_404(GatewayStatement.objects.select_related("run"), pk=pk)
    runs.resume_statement(statement, session_cart.require_account(request))
    return redirect("desk_reconciliation", run=statement.run_id)
