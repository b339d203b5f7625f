"""Registering for classes, and the contact address of an attendee."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing import session_cart
from billing.errors import CartFull
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer, ClassRole
from common import dates
from common.search import read_number
from common.throttle import rate_limited
from common.views import FORM_METHODS
from registrations.domain import attendees, capacity, cart, registration_window
from registrations.domain.cart import RegistrationChoice
from registrations.forms.registration import (
    MOST_OTHERS,
    ContactEmailForm,
    OtherPersonForm,
    RegistrationForm,
    other_person_forms,
)

ALREADY = "already"
UNANSWERED = _("Please choose an answer.")


@require_http_methods(FORM_METHODS)
@rate_limited("register", by_address="240/h")
@never_cache
def register(request: HttpRequest) -> HttpResponse:
    class_offers = registration_window.open_classes(timezone.now())
    if request.method == "POST":
        return _submit_registration(request, class_offers)
    requested = request.GET.get("class", "")
    chosen = [class_offer for class_offer in class_offers if str(class_offer.pk) == requested]
    if requested and not chosen:
        number = read_number(requested)
        known = ClassOffer.objects.published(dates.local_today()).for_lists()
        class_offer = get_object_or_404(known, pk=number) if number else None
        if class_offer is None:
            raise Http404
        messages.warning(request, registration_window.closed_reason(class_offer, timezone.now()))
        return redirect(class_offer)
    if full := cart.full_class_messages(chosen, timezone.now()):
        messages.warning(request, " ".join((full[0], gettext("Here are the other classes."))))
        chosen = []
    form = _registration_form(
        request, class_offers, initial={"classes": [str(class_offer.pk) for class_offer in chosen]}
    )
    return _registration_page(request, class_offers, form, [])


def _registration_form(
    request: HttpRequest, class_offers: Sequence[ClassOffer], *args: Any, **kwargs: Any
) -> RegistrationForm:
    viewer = session_cart.account_of_request(request)
    return RegistrationForm(class_offers, viewer, list(viewer.in_care.all()) if viewer else [], *args, **kwargs)


def _submit_registration(request: HttpRequest, class_offers: Sequence[ClassOffer]) -> HttpResponse:
    form = _registration_form(request, class_offers, request.POST)
    form.full_clean()
    if "others" in form.errors or form.cleaned_data["others"] is None:
        raise BadRequest
    others = other_person_forms(int(form.cleaned_data["others"]), request.POST, checked=True)
    if "more" in request.POST:
        data = request.POST
        typed = {name: data.getlist(name) for name in ("classes", "who")} | {
            "referral_source": data.get("referral_source", "")
        }
        more = other_person_forms(min(len(others) + 1, MOST_OTHERS), data, checked=False)
        return _registration_page(request, class_offers, _registration_form(request, class_offers, initial=typed), more)
    if not all([form.is_valid(), *(other.is_valid() for other in others)]):
        codes = {error.code for errors in form.errors.as_data().values() for error in errors}
        return _registration_page(request, class_offers, form, others, status=400 if "invalid_choice" in codes else 200)
    named = [attendee for other in others if (attendee := other.attendee())]
    choice = RegistrationChoice(
        class_offers=[class_offer for class_offer in class_offers if class_offer.pk in form.class_ids],
        attendees=[*form.attendees(), *named],
        readiness=form.cleaned_data["ready"],
        referral_source=form.cleaned_data["referral_source"],
    )
    _add_choice_errors(request, form, choice)
    if form.errors:
        return _registration_page(request, class_offers, form, others)
    viewer = session_cart.account_of_request(request)
    if not choice.readiness and (asked := cart.levels_to_ask_about(choice, viewer, timezone.now())):
        form.ask_level_of(choice.attendees)
        if "asked" in request.POST:
            form.add_error("ready", UNANSWERED)
        levels = [(level, cart.level_below(level)) for level in asked]
        return _registration_page(request, class_offers, form, others, levels=levels)
    try:
        cart.add_registrations_to_cart(session_cart.find_or_create_cart(request), choice)
    except CartFull as full:
        form.add_error(None, str(full))
        return _registration_page(request, class_offers, form, others)
    return redirect("checkout")


def _add_choice_errors(request: HttpRequest, form: RegistrationForm, choice: RegistrationChoice) -> None:
    if not choice.attendees:
        form.add_error("who", attendees.NOBODY)
    for problem in cart.full_class_messages(choice.class_offers, timezone.now(), len(choice.attendees)):
        form.add_error("classes", problem)
    for problem in cart.already_registered_messages(choice, session_cart.account_of_request(request)):
        form.add_error("classes", ValidationError(problem, code=ALREADY))


def _registration_page(
    request: HttpRequest,
    class_offers: Sequence[ClassOffer],
    form: RegistrationForm,
    others: Sequence[OtherPersonForm],
    *,
    levels: Sequence[tuple[Any, Any]] = (),
    status: int = 200,
) -> HttpResponse:
    availability = capacity.availability_by_class(class_offers, timezone.now())
    chosen = set(form["classes"].value() or [])
    # This changes only the labels: without it they would say "optional".
    form.fields["who"].required = form.fields["ready"].required = True
    classes = [
        (ClassSummary(class_offer, dates.local_today()), availability[class_offer.pk], str(class_offer.pk) in chosen)
        for class_offer in class_offers
    ]
    ids = [each.class_offer.pk for each, _, is_chosen in classes if is_chosen]
    asks_role = bool(ids) and ClassRole.objects.filter(class_offer__in=ids).exists()
    context = {
        "form": form,
        "others": others,
        "count": len(others),
        "may_add": len(others) < MOST_OTHERS,
        "levels": levels,
        "no_details": session_cart.knows_payer(request) and not asks_role,
        "already": form.has_error("classes", ALREADY),
        "chosen_classes": [each for each in classes if each[2]],
        "other_classes": [each for each in classes if not each[2]],
    }
    return render(request, "classwork/register.html", context, status=status)


@require_http_methods(FORM_METHODS)
@never_cache
def attendee_address(request: HttpRequest, number: int) -> HttpResponse:
    """The payer enters another address for an attendee who was not known at the first one."""
    order = session_cart.find_order(request, number)
    student = attendees.unreachable_students(order).first()
    form = ContactEmailForm(request.POST or None)
    if student is not None and form.is_valid():
        attendees.set_contact_email(student, form.cleaned_data["email"])
        messages.success(request, gettext("Thanks! We’ll email %(student)s there.") % {"student": student})
        return redirect(order.address())
    return render(request, "registrations/contact_email.html", {"order": order, "student": student, "form": form})
