from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.forms import SAVED_IN_HISTORY, ReasonForm
from common.permissions import desk_action, desk_page
from outbox.domain import office_actions
from outbox.domain.health import queue_health
from outbox.domain.trace import trace_subject
from outbox.errors import DeliveryActionRefused
from outbox.models import Delivery, DeliveryState
from outbox.trace_diagram import draw_trace

PAGE_SIZE = 25
VIEW_PERMISSION, HANDLE_PERMISSION = "outbox.view_delivery", "outbox.handle_delivery"


@desk_page(VIEW_PERMISSION)
def queue(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in DeliveryState.values else DeliveryState.PARKED.value
    shown = Delivery.objects.filter(state=state).select_related("event").order_by("-pk")
    context = {
        "health": queue_health(),
        "state": state,
        "states": DeliveryState.choices,
        "lists_failed": state == DeliveryState.PARKED,
        "page": Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "outbox/queue.html", context)


@desk_page(VIEW_PERMISSION)
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    return render_delivery(request, pk, ReasonForm(help_text=SAVED_IN_HISTORY))


def render_delivery(request: HttpRequest, pk: int, form: ReasonForm) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.select_related("event__cause"), pk=pk)
    context = {
        "delivery": delivery,
        "attempts": delivery.attempts.all(),
        "form": form,
        "can_retry": delivery.state in (DeliveryState.PARKED, DeliveryState.DISMISSED, DeliveryState.WAITING),
        "can_dismiss": delivery.state in (DeliveryState.PARKED, DeliveryState.WAITING),
    }
    return render(request, "outbox/delivery.html", context)


@desk_action(HANDLE_PERMISSION)
def retry_or_dismiss_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Delivery, pk=pk)
    form = ReasonForm(request.POST, help_text=SAVED_IN_HISTORY)
    if not form.is_valid():
        return render_delivery(request, pk, form)
    action, confirmation = ACTIONS.get(request.POST.get("action", ""), ACTIONS["retry"])
    try:
        action(pk, request.user, form.cleaned_data["why"])
    except DeliveryActionRefused:
        messages.warning(request, gettext("This has changed since you opened the page. Here is the current status."))
    else:
        messages.success(request, str(confirmation))
    return redirect("desk_delivery", pk)


ACTIONS: dict[str, tuple[Callable[[int, Any, str], Delivery], str | Promise]] = {
    "retry": (office_actions.retry_delivery, _("It will be retried in a moment.")),
    "dismiss": (office_actions.dismiss_delivery, _("Dismissed. It will not run again unless you retry it.")),
}


@desk_page("outbox.view_event")
def story_page(request: HttpRequest, kind: str, subject_id: str) -> HttpResponse:
    trace = trace_subject(kind, subject_id)
    if not trace:
        raise Http404
    context = {"subject": f"{kind} {subject_id}", "trace": trace, "drawing": draw_trace(trace)}
    return render(request, "outbox/trace.html", context)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Return 503 if the database is not available, and with ?all=1 also if the queue is late or no worker runs.

    Load balancers ask without ?all=1, because those problems are no reason to remove a working web server.
    """
    try:
        status = queue_health()
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "away"}, status=503, headers={"Retry-After": "30"})
    report: dict[str, Any] = {
        "status": "ok" if status.well else "late",
        "database": "ok",
        "queue": {
            "due": status.due,
            "oldest_seconds": round(status.age.total_seconds()),
            "parked": status.parked,
        },
        "worker": {
            "working": status.working,
            "seen_seconds_ago": round(status.silence.total_seconds()) if status.silence else None,
        },
        "jobs": {"overdue": status.overdue_jobs, "failing": status.failing_jobs},
    }
    return JsonResponse(report, status=503 if request.GET.get("all") and not status.well else 200)
