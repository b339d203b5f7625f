"""Cancellation by the school: one page with its steps, and the page of the result."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.errors import ChangeRefused, PreviewOutdated
from classwork.models import ClassOffer, Meeting
from common import search
from common.permissions import desk_form, desk_page
from common.views import posted_data
from registrations.domain.cancellations import request as cancellation_request
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.plan import plan_cancellation
from registrations.domain.cancellations.results import CompensationResult, outcome_totals
from registrations.forms.class_cancellation import (
    CanceledDaysForm,
    CancellationScopeForm,
    CompensationForm,
    ConfirmCancellationForm,
    compensation_choices,
    read_exceptions,
)
from registrations.models import ClassCancellation
from users.roles import acting_user

RECENT = 10
PER_PAGE = 100
CLASSES_PER_PAGE = 50
CHANGED = _("Something has changed since this preview. Nothing has been canceled yet: please read it again.")


@desk_form("registrations.add_classcancellation")
def steps(request: HttpRequest) -> HttpResponse:
    """Shows the first step that has no valid answer yet."""
    class_offer, where, meetings = _read_scope(request)
    context: dict[str, Any] = {"class_offer": class_offer, "where": where}
    if class_offer is None and not where.is_valid():
        classes = Paginator(cancellation_request.cancelable_classes(timezone.now()), CLASSES_PER_PAGE)
        context["page"] = classes.get_page(request.GET.get("page"))
        context["recent"] = ClassCancellation.objects.select_related(
            "class_offer__subject__level", "class_offer__session"
        )[:RECENT]
        return render(request, "registrations/desk/cancel_scope.html", context)
    has_days = bool({"meeting", "whole", "asked"} & set(request.GET))
    what = CanceledDaysForm(request.GET if has_days else None, meetings=meetings, class_offer=class_offer)
    context["what"] = what
    if request.GET.get("step") == "what" or not what.is_answered:
        return render(request, "registrations/desk/cancel_days.html", context)
    if class_offer is not None:
        class_offers = {class_offer.pk: class_offer}
    else:
        ids = [meeting.class_offer_id for meeting in what.chosen]
        class_offers = cancellation_request.load_classes(Q(pk__in=ids))
    has_policy = "policy" in request.GET
    how = CompensationForm(
        request.GET if has_policy else None, class_offers=class_offers, canceled=what.chosen, whole=what.is_whole
    )
    context["how"] = how
    if not how.is_answered:
        return render(request, "registrations/desk/cancel_compensation.html", context)
    return _confirm_cancellation(request, what, how, context | {"class_offers": class_offers})


def _read_scope(request: HttpRequest) -> tuple[ClassOffer | None, CancellationScopeForm, list[Meeting]]:
    now, pk = timezone.now(), search.read_number(request.GET.get("class", ""))
    where = CancellationScopeForm(request.GET if "day" in request.GET else None)
    if pk is not None:
        class_offer = cancellation_request.load_classes(Q(pk=pk)).get(pk)
        if class_offer is None:
            raise Http404
        return class_offer, where, cancellation_request.cancelable_meetings_of(class_offer, now)
    if not where.is_valid():
        return None, where, []
    return (
        None,
        where,
        list(cancellation_request.cancelable_meetings_on(where.cleaned_data["day"], where.cleaned_data["place"], now)),
    )


def _confirm_cancellation(
    request: HttpRequest, what: CanceledDaysForm, how: CompensationForm, context: dict[str, Any]
) -> HttpResponse:
    wanted = how.cancellation_request(what, read_exceptions(request.POST))
    form = ConfirmCancellationForm(
        posted_data(request) if "do" in request.POST else None, initial={"why": request.POST.get("why", "")}
    )
    if "do" in request.POST and form.is_valid():
        try:
            seen = request.POST.get("seen", "")
            cancellation = cancel_classes(acting_user(request), wanted, form.cleaned_data["why"], seen=seen)
        except PreviewOutdated:
            messages.warning(request, CHANGED)
        except ChangeRefused as error:
            messages.error(request, str(error))
        else:
            done = gettext("Canceled. Everyone affected is being emailed, and calendars are up to date.")
            messages.success(request, done)
            return redirect(cancellation)
    loaded = None if request.method == "POST" else context["class_offers"]
    plan = plan_cancellation(wanted, timezone.now(), class_offers=loaded)
    context |= {"quote": plan, "form": form, "rows": compensation_choices(plan.compensations, request.POST)}
    return render(request, "registrations/desk/cancel_confirm.html", context)


@desk_page("registrations.view_classcancellation")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    cancellation = get_object_or_404(
        ClassCancellation.objects.select_related("class_offer__subject__level", "class_offer__session"), pk=pk
    )
    days = cancellation.meetings.select_related("class_offer__subject__level", "replacement").order_by("starts_at")
    related = ("registration__student", "registration__line__order")
    outcomes = cancellation.compensations.select_related(*related).prefetch_related("refunds__payment")
    page = Paginator(outcomes, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "cancellation": cancellation,
        "days": days,
        "page": page,
        "rows": [CompensationResult(outcome) for outcome in page],
    }
    return render(
        request, "registrations/desk/class_cancellation.html", context | {"totals": outcome_totals(cancellation)}
    )
