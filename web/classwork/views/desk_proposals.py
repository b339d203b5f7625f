from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from classwork.domain import proposals
from classwork.domain.resources import attachments
from classwork.forms.proposals import ProposalAnswerForm
from classwork.models import Proposal
from common.permissions import desk_form, desk_page
from common.views import posted_data, refusal_as_message
from users.roles import acting_user

PER_PAGE = 25


@desk_page("classwork.decide_proposal")
def proposal_list(request: HttpRequest) -> HttpResponse:
    decided = request.GET.get("show") == "decided"
    states = [Proposal.State.APPROVED, Proposal.State.ANSWERED] if decided else [Proposal.State.SUBMITTED]
    related = Proposal.objects.select_related(
        "author__user", "subject__level", "class_offer__subject__level", "class_offer__session"
    )
    page = Paginator(related.filter(state__in=states), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "classwork/desk/proposals.html", {"page": page, "decided": decided})


@desk_form("classwork.decide_proposal")
def proposal_detail(request: HttpRequest, pk: int) -> HttpResponse:
    submitted = Proposal.objects.exclude(state=Proposal.State.DRAFT)
    proposal = get_object_or_404(submitted, pk=pk)
    form = ProposalAnswerForm(posted_data(request))
    if form.is_valid():
        text = form.cleaned_data["answer"]
        with refusal_as_message(request):
            if "approve" in request.POST:
                proposals.approve_proposal(acting_user(request), proposal, answer=text, seen=request.POST.get("seen"))
                messages.success(request, _("Approved: %(thing)s.") % {"thing": proposal.about})
            else:
                proposals.answer_proposal(acting_user(request), proposal, text)
                text = _("Your answer has been sent to %(name)s.")
                messages.success(request, text % {"name": proposal.author})
            return redirect("desk_proposals")
        return redirect("desk_proposal", proposal.pk)
    preview = proposals.plan_approval(proposal) if proposal.state == Proposal.State.SUBMITTED else None
    context = {"proposal": proposal, "form": form, "preview": preview, "changes": proposals.describe_changes(proposal)}
    if not proposal.changes:
        context["resources"] = attachments.attached_to(proposal.about)
    return render(request, "classwork/desk/proposal.html", context)
