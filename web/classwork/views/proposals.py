"""Pages on which teachers propose new subjects and classes, and changes to theirs."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from classwork.domain import proposals
from classwork.errors import ChangeRefused
from classwork.forms.proposals import (
    ChangeClassForm,
    ChangeSubjectForm,
    ProposalForm,
    ProposalMessageForm,
    ProposeClassForm,
    ProposeSubjectForm,
)
from classwork.models import ClassOffer, Subject
from common.views import posted_data, refusal_as_message
from users.models import Staff
from users.roles import acting_user, team_action, team_form, team_page

IDEAS: dict[str, type[ProposalForm]] = {"subject": ProposeSubjectForm, "class": ProposeClassForm}


def staff_profile_of(request: HttpRequest) -> Staff:
    try:
        return acting_user(request).staff
    except Staff.DoesNotExist:
        raise Http404 from None


@team_form
def propose(request: HttpRequest, kind: str) -> HttpResponse:
    staff, form = staff_profile_of(request), IDEAS[kind](posted_data(request))
    if form.is_valid():
        if kind == "subject":
            proposal = proposals.propose_subject(staff, form.values())
        else:
            proposal = proposals.propose_class(staff, form.draft())
        return redirect("proposal", proposal.pk)
    return render(request, "classwork/proposal_form.html", {"form": form, "is_subject": kind == "subject"})


@team_page
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    staff = staff_profile_of(request)
    stored = get_object_or_404(staff.proposals, pk=pk)
    context = {
        "proposal": stored,
        "may_edit": proposals.may_edit_proposal(staff, stored),
        "changes": proposals.describe_changes(stored),
    }
    more = {"form": ProposalMessageForm(), "overtaken": proposals.OVERTAKEN if stored.is_overtaken else ""}
    return render(request, "classwork/proposal.html", context | more)


@team_form
def edit_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    staff = staff_profile_of(request)
    stored = get_object_or_404(staff.proposals, pk=pk)
    if not proposals.may_edit_proposal(staff, stored):
        status = _("The status is “%(status)s”, so this cannot be edited now.") % {"status": stored.get_state_display()}
        messages.error(request, proposals.OVERTAKEN if stored.is_overtaken else status)
        return redirect("proposal", stored.pk)
    form_class: type[ProposalForm]
    if stored.class_offer_id:
        form_class = ChangeClassForm if stored.changes else ProposeClassForm
    else:
        form_class = ChangeSubjectForm if stored.changes else ProposeSubjectForm
    form = form_class(posted_data(request), instance=stored.about, initial=proposals.initial_form_values(stored))
    if form.is_valid():
        with refusal_as_message(request):
            proposals.edit_proposal(staff, stored, form.draft())
        return redirect("proposal", stored.pk)
    return render(request, "classwork/proposal_form.html", {"form": form, "proposal": stored})


@team_action
def submit_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    staff, form = staff_profile_of(request), ProposalMessageForm(request.POST)
    stored = get_object_or_404(staff.proposals, pk=pk)
    if form.is_valid():
        with refusal_as_message(request):
            if "withdraw" in request.POST:
                proposals.withdraw_proposal(staff, stored)
                messages.success(request, _("Your proposal has been withdrawn."))
            else:
                proposals.submit_proposal(staff, stored, form.cleaned_data["message"])
                messages.success(request, _("Your proposal has been sent to the office."))
    return redirect("proposal", stored.pk)


@team_form
def request_change(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    staff = staff_profile_of(request)
    subjects, class_offers = Subject.objects.select_related("level"), ClassOffer.objects.for_orders()
    thing: Any = get_object_or_404(subjects if kind == "subject" else class_offers, pk=pk)
    if not proposals.may_request_change(staff, thing):
        messages.error(request, _("There is already an open request, or this isn’t your class."))
        return redirect("teaching")
    form_class = ChangeSubjectForm if kind == "subject" else ChangeClassForm
    form, message = form_class(posted_data(request), instance=thing), ProposalMessageForm(posted_data(request))
    if form.is_valid() and message.is_valid():
        try:
            stored = proposals.request_change(staff, thing, form.values(), message.cleaned_data["message"])
        except ChangeRefused as error:
            form.add_refusal(error)
        else:
            return redirect("proposal", stored.pk)
    return render(request, "classwork/proposal_form.html", {"form": form, "message": message, "thing": thing})
