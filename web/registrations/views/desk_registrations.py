"""Registrations at the desk."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.domain.refunds.order_snapshot import has_open_dispute
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer, Session
from common import dates, search
from common.forms import ReasonForm
from common.permissions import desk_form, desk_page
from common.views import posted_data
from registrations.domain import capacity, desk_registrations, my_classes, spots
from registrations.domain.desk_registrations import RegistrationSearch
from registrations.domain.transfers import to_class, to_person
from registrations.domain.transfers.to_class import DeskOverride
from registrations.errors import RegistrationRefused
from registrations.forms.transfers import DeskTransferForm, DeskTransferToPersonForm
from registrations.models import Registration
from users.domain import recent_history
from users.roles import acting_user

PER_PAGE = 50
HOLD_ACTIONS: dict[str, tuple[str | Promise, str | Promise, Callable[..., bool]]] = {
    Registration.State.CONFIRMED: (
        gettext_lazy("Put on hold"),
        gettext_lazy("The registration is on hold."),
        spots.suspend_spot,
    ),
    Registration.State.ON_HOLD: (
        gettext_lazy("Take off hold"),
        gettext_lazy("The registration is no longer on hold."),
        spots.resume_spot,
    ),
}


@desk_page("registrations.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    query, at = request.GET, timezone.now()
    criteria = RegistrationSearch(
        search.search_text(request),
        query.get("show", ""),
        search.read_number(query.get("class", "")),
        search.read_number(query.get("session", "")),
        query.get("heard", ""),
    )
    page = Paginator(desk_registrations.search_registrations(criteria), PER_PAGE).get_page(query.get("page"))
    class_offer = (
        ClassOffer.objects.select_related("subject__level", "session", "location")
        .filter(pk=criteria.class_offer_id)
        .first()
        if criteria.class_offer_id
        else None
    )
    context = {
        "page": page,
        "spots": my_classes.describe_registrations(page, at),
        "criteria": criteria,
        "choices": desk_registrations.STATUS_FILTERS,
        "sessions": Session.objects.order_by("-key_day_date")[:24],
        "class_offer": class_offer,
        "availability": capacity.availability_of(class_offer, at) if class_offer else None,
    }
    return render(request, "registrations/desk/registrations.html", context)


@desk_form("registrations.view_registration")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    registration = get_object_or_404(Registration.objects.whole_class().for_lists(), pk=pk)
    label, done, action = HOLD_ACTIONS.get(registration.state, ("", "", None))
    form = ReasonForm(posted_data(request)) if action else None
    if request.method == "POST" and not acting_user(request).has_perm("registrations.change_registration"):
        raise PermissionDenied
    if action and form and form.is_valid():
        if action(registration, why=form.cleaned_data["why"], by=acting_user(request)):
            messages.success(request, str(done))
        return redirect("desk_registration", pk)
    context = {
        "spot": my_classes.describe_registration(registration, timezone.now()),
        "form": form,
        "action_label": label,
        "history_lines": recent_history.recent_history_of(registration),
        "may_cancel": registration.is_live
        and registration.line is not None
        and not has_open_dispute(registration.line.order),
    }
    return render(request, "registrations/desk/registration.html", context)


@desk_form("registrations.change_registration")
def transfer_to_class(request: HttpRequest, pk: int) -> HttpResponse:
    """The first button shows the price, and the second one moves the spot."""
    registration, at = get_object_or_404(Registration.objects.whole_class().for_lists(), pk=pk), timezone.now()
    open_now = desk_registrations.classes_open_to_desk(at).exclude(pk=registration.class_offer_id)
    form = DeskTransferForm(open_now, acting_user(request), posted_data(request))
    quote = None
    if form.is_valid():
        try:
            if "do" in request.POST:
                to_class.transfer_to_class(
                    registration, form.transfer_request, form.by, at, seen=request.POST.get("seen", "")
                )
                names = {"student": registration.student, "class": form.transfer_request.class_offer}
                messages.success(request, _("%(student)s has been moved to %(class)s.") % names)
                return redirect("desk_registration", pk)
            quote = to_class.plan_transfer(registration, form.transfer_request, form.by, at)
        except RegistrationRefused as error:
            form.add_error(None, str(error))
    context = {
        "one": registration,
        "listed": ClassSummary(registration.class_offer, dates.local_today()),
        "form": form,
        "quote": quote,
    }
    return render(request, "registrations/desk/transfer.html", context)


@desk_form("registrations.change_registration")
def transfer_to_person(request: HttpRequest, pk: int) -> HttpResponse:
    registration = get_object_or_404(Registration.objects.whole_class().for_lists(), pk=pk)
    form = DeskTransferToPersonForm(posted_data(request))
    if form.is_valid():
        by = DeskOverride(acting_user(request), form.cleaned_data["why"])
        try:
            transferred = to_person.transfer_to_person(registration, form.person, by, timezone.now())
        except RegistrationRefused as error:
            form.add_error(None, str(error))
        else:
            names = {"student": transferred.student}
            messages.success(request, _("The registration has been transferred to %(student)s.") % names)
            return redirect("desk_registration", transferred.pk)
    return render(
        request,
        "registrations/desk/transfer_to_person.html",
        {"one": registration, "listed": ClassSummary(registration.class_offer, dates.local_today()), "form": form},
    )
