"""Moving a spot to another class and transferring it to another person, for the student or a guardian."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from billing.models import Order
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer
from common import dates
from common.permissions import account_form, account_page
from common.throttle import rate_limited
from common.views import posted_data
from registrations.domain import cart
from registrations.domain.cart import RegistrationChoice
from registrations.domain.change_deadlines import change_deadline
from registrations.domain.line_details import STUDENT, Attendee
from registrations.domain.transfers import options as alternatives
from registrations.domain.transfers import to_class, to_person
from registrations.domain.transfers.to_class import TransferRequest
from registrations.errors import RegistrationRefused
from registrations.forms.transfers import TransferForm, TransferToPersonForm
from registrations.models import Registration
from registrations.rules.role_balance import EITHER
from users.models import User
from users.requests import AccountRequest


def _own_registration(user: User, pk: int) -> Registration:
    return get_object_or_404(Registration.objects.whole_class().visible_to(user).for_lists(), pk=pk)


@account_page
@never_cache
def choose_class(request: AccountRequest, pk: int) -> HttpResponse:
    registration, at = _own_registration(request.user, pk), timezone.now()
    try:
        options = alternatives.transfer_options(registration, request.user, at)
    except RegistrationRefused as error:
        return _redirect_with_warning(request, error)
    context = {
        "registration": registration,
        "listed": ClassSummary(registration.class_offer, dates.local_today()),
        "options": options,
        "currency": registration.line.order.currency if registration.line else "",
    }
    return render(
        request,
        "registrations/choose_transfer.html",
        context | {"until": change_deadline(registration, settings.TRANSFER_UNTIL_CLASS)},
    )


def _redirect_with_warning(request: HttpRequest, error: RegistrationRefused) -> HttpResponse:
    messages.warning(request, str(error))
    return redirect("my_classes")


@account_form
@never_cache
def transfer_to_class(request: AccountRequest, pk: int, class_offer: int) -> HttpResponse:
    registration, at = _own_registration(request.user, pk), timezone.now()
    chosen = get_object_or_404(ClassOffer.objects.published(dates.local_today()).for_lists(), pk=class_offer)
    roles = [role.name for role in chosen.roles.all()]
    choice = RegistrationChoice([chosen], [Attendee(STUDENT, student_id=registration.student_id)])
    levels = [(level, cart.level_below(level)) for level in cart.levels_to_ask_about(choice, request.user, at)]
    form = TransferForm(roles, bool(levels), posted_data(request), initial={"role": registration.role})
    target = form.transfer_request(chosen) if form.is_valid() else TransferRequest(chosen, EITHER if roles else "")
    try:
        if form.is_valid():
            order = to_class.transfer_to_class(
                registration, target, request.user, timezone.now(), seen=form.cleaned_data["seen"]
            )
            if order.state == Order.State.PLACED and order.due_kind == Order.Due.NOW:
                messages.success(request, _("Your new spot is reserved. You keep your old spot until you’ve paid."))
                return redirect(order.address())
            names = {"student": registration.student, "class": target.class_offer.subject.title}
            messages.success(request, _("%(student)s has a spot in %(class)s now.") % names)
            return redirect("my_classes")
        quote = to_class.plan_transfer(registration, target, request.user, at)
    except RegistrationRefused as error:
        messages.warning(request, str(error))
        return redirect("choose_transfer", pk) if registration.is_live else redirect("my_classes")
    form.initial["seen"] = quote.fingerprint
    context = {"registration": registration, "form": form, "levels": levels, "quote": quote}
    context |= {
        "before": ClassSummary(registration.class_offer, dates.local_today()),
        "now": ClassSummary(chosen, dates.local_today()),
    }
    return render(request, "registrations/transfer.html", context)


@account_form
@never_cache
@rate_limited("transfer_to_person", by_address="60/h", by_account="20/h")
def transfer_to_person(request: AccountRequest, pk: int) -> HttpResponse:
    registration, at = _own_registration(request.user, pk), timezone.now()
    levels_asked = cart.levels_to_ask_about(
        RegistrationChoice([registration.class_offer], [Attendee("other")]), None, at
    )
    levels = [(level, cart.level_below(level)) for level in levels_asked]
    form = TransferToPersonForm(bool(levels), posted_data(request))
    try:
        to_person.check_transferable(registration, request.user, at)
        if form.is_valid():
            to_person.transfer_to_person(
                registration, form.person, request.user, at, readiness=form.cleaned_data.get("ready", "")
            )
            names = {"name": form.cleaned_data["first_name"]}
            messages.success(request, _("The spot was transferred to %(name)s. We’ve emailed them.") % names)
            return redirect("my_classes")
    except RegistrationRefused as error:
        if error.code != "already_theirs":
            return _redirect_with_warning(request, error)
        form.add_error(None, str(error))
    context = {
        "registration": registration,
        "listed": ClassSummary(registration.class_offer, dates.local_today()),
        "form": form,
        "levels": levels,
    }
    return render(request, "registrations/transfer_to_person.html", context)
