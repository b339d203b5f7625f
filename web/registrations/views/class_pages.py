"""The public pages for choosing a class."""

from datetime import date

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing import session_cart
from billing.domain.refunds import terms as promised
from classwork.domain.catalog import class_list, structured_data
from classwork.domain.catalog import level_guide as guide
from classwork.domain.catalog.class_list import ClassFilters
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.domain.schedule import cancellation_terms
from classwork.domain.schedule.sessions import school_calendar_rules
from classwork.models import ClassOffer, Location, Session
from classwork.rules import calendar
from classwork.views.catalog import sees_unpublished
from common import dates, drawings
from common.formats import format_date
from common.links import absolute_url
from registrations.domain import (
    capacity,
    current_classes,
    late_joining,
    minimum_enrollment,
    registration_window,
    ticket_sales,
)
from registrations.domain.calendar_links import CalendarLinks
from registrations.domain.waitlist import presentation

SESSIONS_A_PAGE = 4


@require_safe
def classoffer_list(request: HttpRequest, names: str | None = None, day: date | None = None) -> HttpResponse:
    today, everything = dates.local_today(), sees_unpublished(request)
    sessions = class_list.sessions_to_show(names=names, on=day, today=today, everything=everything)
    page = Paginator(sessions, SESSIONS_A_PAGE).get_page(request.GET.get("page"))
    is_one_session, sessions = names is not None and len(sessions) == 1, list(page)
    filters = ClassFilters(*(request.GET.get(name, "") for name in ("level", "day", "place")))
    by = "level" if request.GET.get("by") == "level" else "day"
    rule = current_classes.running_rule_at(timezone.now()) if names is None and day is None else None
    listing = class_list.build_class_list(sessions, filters, by=by, today=today, everything=everything, running=rule)
    drawn = [class_offer.subject for class_offer in listing.class_offers if not class_offer.subject.image]
    drawing_keys = (drawings.key_of_pattern(subject.level.code, subject.version, subject.title) for subject in drawn)
    context = {
        "listing": listing,
        "availabilities": capacity.availability_by_class(listing.class_offers, timezone.now()),
        "drawing_sheet": drawings.sheets_of(drawing_keys),
        "registered": minimum_enrollment.registered_count_by_class(listing.class_offers),
        "sessions": sessions,
        "page": page,
        "heading": _list_heading(sessions[0] if is_one_session else None, day),
    }
    if is_one_session:
        plan = sessions[0].plan
        known = class_list.sessions_to_show(names="all", today=today, everything=everything)
        plans = [session.plan for session in known]
        context["previous"] = calendar.previous_session(plan, plans)
        context["following"] = calendar.following_session(plan, plans, school_calendar_rules())
    return render(request, "classwork/classoffer_list.html", context)


def _list_heading(session: Session | None, day: date | None) -> str:
    if session is not None:
        return _("Classes in %(session)s") % {"session": session.title}
    return _("Classes on %(date)s") % {"date": format_date(day)} if day else _("Classes")


@require_safe
def classoffer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    today = dates.local_today()
    visible = ClassOffer.objects.all() if sees_unpublished(request) else ClassOffer.objects.published(today)
    class_offer = get_object_or_404(visible.with_timetable(), pk=pk)
    listed = ClassSummary(class_offer, today)
    now = timezone.now()
    conditions = promised.add_withdrawal_right(cancellation_terms.terms_of_class(class_offer))
    context = {
        "listed": listed,
        "class_offer": class_offer,
        "subject": class_offer.subject,
        "event": structured_data.class_json_ld(listed),
        "calendar": CalendarLinks(
            absolute_url(reverse("classoffer_calendar", args=[class_offer.pk])), class_offer.subject.title
        ),
        "availability": capacity.availability_of(class_offer, now),
        "on_list": presentation.entries_of_viewer(
            class_offer, session_cart.account_of_request(request), request.session, now
        ),
        "registered": minimum_enrollment.registered_count_by_class([class_offer]),
        "closed": registration_window.closed_reason(class_offer, now),
        "tickets": ticket_sales.sells_tickets(class_offer) and ticket_sales.days_with_tickets(class_offer, now),
        "joins": late_joining.joining_terms_for_page(class_offer, now),
        "sentences": promised.terms_sentences(conditions, now),
        "withdrawal": promised.withdrawal_text(conditions),
    }
    return render(request, "registrations/classoffer_detail.html", context)


@require_safe
def location_detail(request: HttpRequest, pk: int) -> HttpResponse:
    everything = sees_unpublished(request)
    location = get_object_or_404(Location, pk=pk)
    if not (location.is_public or everything):
        raise Http404
    today = dates.local_today()
    sessions = class_list.sessions_to_show(today=today, everything=everything)
    filters, rule = ClassFilters(place=str(pk)), current_classes.running_rule_at(timezone.now())
    listing = class_list.build_class_list(sessions, filters, today=today, everything=everything, running=rule)
    context = {"location": location, "listing": listing if listing.filters.place else None}
    return render(
        request, "classwork/location_detail.html", context | {"place": structured_data.location_json_ld(location)}
    )


@require_safe
def level_guide(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "registrations/level_guide.html",
        {"steps": guide.guide_steps(dates.local_today(), current_classes.current_classes(timezone.now()))},
    )
