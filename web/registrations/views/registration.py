"""Registering for classes, and the contact address of an attendee."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing import session_cart
from billing.errors import CartFull
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer
from common import dates
from common.kept_forms import keep_and_redirect, take_kept_form
from common.search import read_number
from common.throttle import rate_limited
from common.views import FORM_METHODS
from registrations.domain import attendees, capacity, cart, registration_window
from registrations.domain.capacity import Availability
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
    """The form for one class (`?class=`) loads and shows that class only, and links to the form with all of them."""
    if request.method == "POST":
        return _submit_registration(request)
    if kept := take_kept_form(request):
        return _registration_page(request, _read_submission(request, kept.data))
    requested, at = request.GET.get("class", ""), timezone.now()
    only = _read_ids([requested]) if requested and "more" not in request.GET else None
    class_offers = registration_window.open_classes(at, only)
    chosen = [class_offer for class_offer in class_offers if str(class_offer.pk) == requested]
    if requested and not chosen:
        return _redirect_to_closed_class(request, requested)
    availability = capacity.availability_by_class(class_offers, at)
    if full := cart.full_class_messages(chosen, availability):
        messages.warning(request, " ".join((full[0], gettext("Here are the other classes."))))
        class_offers, chosen, availability = registration_window.open_classes(at), [], {}
    initial = {"classes": [str(class_offer.pk) for class_offer in chosen]}
    form = _registration_form(request, class_offers, initial=initial)
    return _registration_page(request, Submission(class_offers, form, is_one_class=bool(only and chosen)), availability)


def _read_ids(numbers: Iterable[str]) -> list[int]:
    return [number for text in numbers if (number := read_number(text)) is not None]


def _redirect_to_closed_class(request: HttpRequest, requested: str) -> HttpResponse:
    number = read_number(requested)
    known = ClassOffer.objects.published(dates.local_today()).for_lists()
    class_offer = get_object_or_404(known, pk=number) if number else None
    if class_offer is None:
        raise Http404
    messages.warning(request, registration_window.closed_reason(class_offer, timezone.now()))
    return redirect(class_offer)


def _registration_form(
    request: HttpRequest, class_offers: Sequence[ClassOffer], *args: Any, **kwargs: Any
) -> RegistrationForm:
    viewer = session_cart.account_of_request(request)
    return RegistrationForm(class_offers, viewer, list(viewer.in_care.all()) if viewer else [], *args, **kwargs)


# -- what was submitted --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Submission:
    """The form as it is shown, and the choice if nothing is wrong with it."""

    class_offers: Sequence[ClassOffer]
    form: RegistrationForm
    others: Sequence[OtherPersonForm] = ()
    levels: Sequence[tuple[Any, Any]] = ()
    choice: RegistrationChoice | None = None
    is_one_class: bool = False


def _submit_registration(request: HttpRequest) -> HttpResponse:
    submission = _read_submission(request, request.POST)
    if submission.choice is None:
        return keep_and_redirect(request, "register")
    try:
        cart.add_registrations_to_cart(session_cart.find_or_create_cart(request), submission.choice)
    except CartFull as full:
        messages.warning(request, str(full))
        return keep_and_redirect(request, "register")
    return redirect("checkout")


def _read_submission(request: HttpRequest, data: QueryDict) -> Submission:
    shown = _read_ids(data.getlist("shown"))
    class_offers = registration_window.open_classes(timezone.now(), shown or None)
    form = _registration_form(request, class_offers, data)
    form.full_clean()
    if "others" in form.errors or form.cleaned_data["others"] is None:
        raise BadRequest
    others = other_person_forms(int(form.cleaned_data["others"]), data, checked=True)
    read = Submission(class_offers, form, others, is_one_class=bool(shown))
    if "more" in data:
        typed: dict[str, Any] = {name: data.getlist(name) for name in ("classes", "who")}
        typed["referral_source"] = data.get("referral_source", "")
        more = other_person_forms(min(len(others) + 1, MOST_OTHERS), data, checked=False)
        return replace(read, form=_registration_form(request, class_offers, initial=typed), others=more)
    if not all([form.is_valid(), *(other.is_valid() for other in others)]):
        return read
    named = [attendee for other in others if (attendee := other.attendee())]
    choice = RegistrationChoice(
        class_offers=[class_offer for class_offer in class_offers if class_offer.pk in form.class_ids],
        attendees=[*form.attendees(), *named],
        readiness=form.cleaned_data["ready"],
        referral_source=form.cleaned_data["referral_source"],
    )
    _add_choice_errors(request, form, choice)
    if form.errors:
        return read
    viewer = session_cart.account_of_request(request)
    if not choice.readiness and (asked := cart.levels_to_ask_about(choice, viewer, timezone.now())):
        form.ask_level_of(choice.attendees)
        if "asked" in data:
            form.add_error("ready", UNANSWERED)
        return replace(read, levels=[(level, cart.level_below(level)) for level in asked])
    return replace(read, choice=choice)


def _add_choice_errors(request: HttpRequest, form: RegistrationForm, choice: RegistrationChoice) -> None:
    if not choice.attendees:
        form.add_error("who", attendees.NOBODY)
    availability = capacity.availability_by_class(choice.class_offers, timezone.now())
    for problem in cart.full_class_messages(choice.class_offers, availability, len(choice.attendees)):
        form.add_error("classes", problem)
    for problem in cart.already_registered_messages(choice, session_cart.account_of_request(request)):
        form.add_error("classes", ValidationError(problem, code=ALREADY))


def _registration_page(
    request: HttpRequest, submission: Submission, availability: Mapping[int, Availability] | None = None
) -> HttpResponse:
    class_offers, form = submission.class_offers, submission.form
    availability = availability or capacity.availability_by_class(class_offers, timezone.now())
    chosen = set(form["classes"].value() or [])
    # This changes only the labels: without it they would say "optional".
    form.fields["who"].required = form.fields["ready"].required = True
    classes = [
        (ClassSummary(class_offer, dates.local_today()), availability[class_offer.pk], str(class_offer.pk) in chosen)
        for class_offer in class_offers
    ]
    context = {
        "form": form,
        "others": submission.others,
        "count": len(submission.others),
        "may_add": len(submission.others) < MOST_OTHERS,
        "levels": submission.levels,
        "already": form.has_error("classes", ALREADY),
        "classes": sorted(classes, key=lambda each: not each[2]),
        "only_class": class_offers[0] if submission.is_one_class and class_offers else None,
    }
    return render(request, "classwork/register.html", context)


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
