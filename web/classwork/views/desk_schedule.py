"""Planning at the desk: the next session, changes to class days, and the proposals of teachers."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from classwork.domain import proposals
from classwork.domain.catalog.class_summary import ClassSummary
from registrations.domain import level_progress, capacity
from classwork.domain.resources import content
from classwork.domain.schedule import next_session
from classwork.domain.schedule.previews import Preview, PreviewOutdated
from classwork.domain.schedule.problems import ChangeRefused
from classwork.forms.meetings import MEETING_FORMS, AddMeetingForm, MeetingActionForm
from classwork.forms.next_session import repeated_class_forms
from classwork.forms.planning import SessionForm
from classwork.forms.proposals import ProposalAnswerForm
from classwork.models import ClassOffer, Meeting, Proposal, Session
from classwork.views import posted_data
from common import dates
from users.roles import acting_user, desk_required

PER_PAGE = 25
ASK = ["GET", "HEAD", "POST"]
CREATED = "{} has been created with {} classes. They are not approved yet."
CREATED_WITH_ONE = "{} has been created with 1 class. It is not approved yet."


@require_safe
@desk_required("classwork.view_session")
def sessions(request: HttpRequest) -> HttpResponse:
    listed = Session.objects.annotate(classes=Count("offers")).order_by("-key_day_date", "-pk")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "classwork/desk/sessions.html", {"page": page})


@require_http_methods(ASK)
@desk_required("classwork.add_session")
def plan_next(request: HttpRequest, pk: int) -> HttpResponse:
    source = get_object_or_404(Session, pk=pk)
    initial, repeats = next_session.propose_next_session(source)
    data = posted_data(request)
    form, rows = SessionForm(data, initial=initial), repeated_class_forms(data, repeats)
    context: dict[str, Any] = {"source": source, "form": form, "rows": rows}
    context["advice"] = level_progress.advise_next_session(source, timezone.now())
    if all([form.is_valid(), *(row.is_valid() for row in rows)]):
        chosen = [row for row in rows if row.cleaned_data["keep"]]
        repeated = [row.repeat() for row in chosen]
        preview = next_session.preview_next_session(form.values(), repeated)
        context |= {"preview": preview}
        if not preview.faults and request.POST.get("seen") == preview.fingerprint:
            try:
                session = next_session.create_next_session(acting_user(request), form.values(), repeated)
            except ChangeRefused as error:
                context["preview"] = Preview(faults=error.faults)
            else:
                text = CREATED_WITH_ONE if len(repeated) == 1 else CREATED
                messages.success(request, text.format(session.title, len(repeated)))
                return redirect("desk_sessions")
        for fault in context["preview"].faults:
            # The field name starts with the number of the class. Without a number it belongs to the session.
            number, _, field = fault.field.partition("-")
            where, name = (chosen[int(number)], field) if number.isdigit() else (form, fault.field)
            where.add_error(name if name in where.fields else None, fault.sentence)
    return render(request, "registrations/desk/next_session.html", context)


@require_safe
@desk_required("classwork.view_meeting")
def class_days(request: HttpRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(ClassOffer.objects.with_timetable(), pk=pk)
    context = {
        "offer": offer,
        "listed": ClassSummary(offer, dates.local_today()),
        "room": capacity.availability_of(offer, timezone.now()),
    }
    return render(request, "registrations/desk/class_days.html", context)


@require_http_methods(ASK)
@desk_required("classwork.change_meeting")
def change_day(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    related = Meeting.objects.select_related("offer__subject__level", "offer__session", "location")
    meeting = get_object_or_404(related, pk=pk)
    form = MEETING_FORMS[action](posted_data(request), meeting=meeting)
    return _apply_meeting_action(request, form, meeting.offer, {"meeting": meeting})


@require_http_methods(ASK)
@desk_required("classwork.add_meeting")
def add_day(request: HttpRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(ClassOffer.objects.select_related("subject__level", "session"), pk=pk)
    return _apply_meeting_action(request, AddMeetingForm(posted_data(request), offer=offer), offer, {})


def _apply_meeting_action(
    request: HttpRequest, form: MeetingActionForm | AddMeetingForm, offer: ClassOffer, context: dict[str, Any]
) -> HttpResponse:
    if form.is_valid():
        try:
            form.carry_out(acting_user(request))
        except (ChangeRefused, PreviewOutdated) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Saved. Calendars and the public page are up to date.")
            return redirect("desk_class", offer.pk)
    return render(request, "classwork/desk/class_day.html", context | {"form": form, "offer": offer})


@require_safe
@desk_required("classwork.decide_proposal")
def proposal_list(request: HttpRequest) -> HttpResponse:
    decided = request.GET.get("show") == "decided"
    states = [Proposal.State.APPROVED, Proposal.State.ANSWERED] if decided else [Proposal.State.SUBMITTED]
    related = Proposal.objects.select_related(
        "author__user", "subject__level", "offer__subject__level", "offer__session"
    )
    page = Paginator(related.filter(state__in=states), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "classwork/desk/proposals.html", {"page": page, "decided": decided})


@require_http_methods(ASK)
@desk_required("classwork.decide_proposal")
def proposal_detail(request: HttpRequest, pk: int) -> HttpResponse:
    submitted = Proposal.objects.exclude(state=Proposal.State.DRAFT)
    proposal = get_object_or_404(submitted, pk=pk)
    form = ProposalAnswerForm(posted_data(request))
    if form.is_valid():
        text = form.cleaned_data["answer"]
        try:
            if "approve" in request.POST:
                proposals.approve_proposal(acting_user(request), proposal, answer=text, seen=request.POST.get("seen"))
                messages.success(request, f"Approved: {proposal.about}.")
            else:
                proposals.answer_proposal(acting_user(request), proposal, text)
                messages.success(request, f"Your answer has been sent to {proposal.author}.")
        except (ChangeRefused, PreviewOutdated) as error:
            messages.error(request, str(error))
            return redirect("desk_proposal", proposal.pk)
        return redirect("desk_proposals")
    preview = proposals.plan_approval(proposal) if proposal.state == Proposal.State.SUBMITTED else None
    context = {"proposal": proposal, "form": form, "preview": preview, "changes": proposals.describe_changes(proposal)}
    if not proposal.changes:
        context["resources"] = content.attached_to(proposal.about)
    return render(request, "classwork/desk/proposal.html", context)
