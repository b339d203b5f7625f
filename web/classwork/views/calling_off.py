"""Cancellation by the school: one page with its steps, and the page of the result."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from classwork.domain.calling_off import wanted
from classwork.domain.calling_off.deed import call_off
from classwork.domain.calling_off.quote import quote
from classwork.domain.calling_off.results import ResultRow, totals
from classwork.domain.schedule.previews import Outdated
from classwork.domain.schedule.problems import Refused
from classwork.forms.calling_off import DoForm, HowForm, WhatForm, WhereForm, choices, exceptions
from classwork.models import CallOff, ClassOffer, Meeting
from classwork.views import posted
from common import search
from users.roles import acting, desk_required

ASK = ["GET", "HEAD", "POST"]
RECENT = 10
PER_PAGE = 100
CLASSES_PER_PAGE = 50
CHANGED = "Something has changed since this preview. Nothing has been canceled yet: please read it again."


@require_http_methods(ASK)
@desk_required("classwork.add_calloff")
def steps(request: HttpRequest) -> HttpResponse:
    """Shows the first step that has no valid answer yet."""
    offer, where, meetings = _begin(request)
    context: dict[str, Any] = {"offer": offer, "where": where}
    if offer is None and not where.is_valid():
        classes = Paginator(wanted.cancelable_classes(timezone.now()), CLASSES_PER_PAGE)
        context["page"] = classes.get_page(request.GET.get("page"))
        context["recent"] = CallOff.objects.select_related("offer__subject__level", "offer__session")[:RECENT]
        return render(request, "desk/call_off_where.html", context)
    has_days = bool({"meeting", "whole", "asked"} & set(request.GET))
    what = WhatForm(request.GET if has_days else None, meetings=meetings, offer=offer)
    context["what"] = what
    if request.GET.get("step") == "what" or not what.is_answered:
        return render(request, "desk/call_off_what.html", context)
    affected = ClassOffer.objects.with_timetable().filter(pk__in={meeting.offer_id for meeting in what.chosen})
    offers = {each.pk: each for each in affected}
    has_policy = "policy" in request.GET
    how = HowForm(request.GET if has_policy else None, offers=offers, cancelled=what.chosen, whole=what.is_whole)
    context["how"] = how
    if not how.is_answered:
        return render(request, "desk/call_off_how.html", context)
    return _last(request, what, how, context)


def _begin(request: HttpRequest) -> tuple[ClassOffer | None, WhereForm, list[Meeting]]:
    now, pk = timezone.now(), search.read_number(request.GET.get("class", ""))
    where = WhereForm(request.GET if "day" in request.GET else None)
    if pk is not None:
        offer = get_object_or_404(ClassOffer.objects.for_lists(), pk=pk)
        return offer, where, list(wanted.of_class(offer, now))
    if not where.is_valid():
        return None, where, []
    return None, where, list(wanted.on_day(where.cleaned_data["day"], where.cleaned_data["place"], now))


def _last(request: HttpRequest, what: WhatForm, how: HowForm, context: dict[str, Any]) -> HttpResponse:
    plan = quote(how.cancellation_request(what, exceptions(request.POST)), timezone.now())
    form = DoForm(posted(request) if "do" in request.POST else None, initial={"why": request.POST.get("why", "")})
    if "do" in request.POST and form.is_valid() and not plan.faults:
        try:
            seen = request.POST.get("seen", "")
            cancellation = call_off(acting(request), plan.wanted, form.cleaned_data["why"], seen=seen)
        except Outdated:
            messages.warning(request, CHANGED)
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Canceled. Everyone affected is being emailed, and calendars are up to date.")
            return redirect(cancellation)
        plan = quote(plan.wanted, timezone.now())
    context |= {"quote": plan, "form": form, "rows": choices(plan.gets, request.POST)}
    return render(request, "desk/call_off_quote.html", context)


@require_safe
@desk_required("classwork.view_calloff")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    cancellation = get_object_or_404(CallOff.objects.select_related("offer__subject__level", "offer__session"), pk=pk)
    days = cancellation.meetings.select_related("offer__subject__level", "made_up_by").order_by("starts_at")
    related = ("registration__student", "registration__line__order", "ticket__student", "ticket__line__order")
    outcomes = cancellation.outcomes.select_related(*related).prefetch_related("refunds__payment")
    page = Paginator(outcomes, PER_PAGE).get_page(request.GET.get("page"))
    context = {"deed": cancellation, "days": days, "page": page, "rows": [ResultRow(outcome) for outcome in page]}
    return render(request, "desk/called_off.html", context | {"totals": totals(cancellation)})
