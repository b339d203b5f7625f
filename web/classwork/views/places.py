"""Registering for classes, and the classes of the people in an account's care."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import session_cart
from billing.domain.orders import cart as carts
from classwork.domain.catalog.class_summary import Listed
from classwork.domain.places import attendees, choosing, diary, mine, opening, room
from classwork.domain.places.choosing import Choice
from classwork.domain.places.waiting import shown
from classwork.forms.places import MOST_OTHERS, AddressForm, OtherForm, PeopleForm, other_forms
from classwork.models import ClassOffer, OfferRole
from common import dates
from common.search import read_number
from common.throttle import throttled
from users.models import Student
from users.requests import MemberRequest

NOBODY = "Please choose who’s coming."
ALREADY = "already"
UNANSWERED = "Please choose an answer."


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("register", by_address="240/h")
@never_cache
def register(request: HttpRequest) -> HttpResponse:
    offers = opening.open_offers(timezone.now())
    if request.method == "POST":
        return _chosen(request, offers)
    requested = request.GET.get("class", "")
    chosen = [offer for offer in offers if str(offer.pk) == requested]
    if requested and not chosen:
        number = read_number(requested)
        known = ClassOffer.objects.published(dates.today()).for_lists()
        offer = get_object_or_404(known, pk=number) if number else None
        if offer is None:
            raise Http404
        messages.warning(request, opening.closed_because(offer, timezone.now()))
        return redirect(offer)
    if full := choosing.full(chosen, timezone.now()):
        messages.warning(request, f"{full[0]} Here are the other classes.")
        chosen = []
    form = _form(request, offers, initial={"classes": [str(offer.pk) for offer in chosen]})
    return _page(request, offers, form, [])


def _form(request: HttpRequest, offers: Sequence[ClassOffer], *args: Any, **kwargs: Any) -> PeopleForm:
    viewer = session_cart.account(request)
    return PeopleForm(offers, viewer, list(viewer.in_care.all()) if viewer else [], *args, **kwargs)


def _chosen(request: HttpRequest, offers: Sequence[ClassOffer]) -> HttpResponse:
    form = _form(request, offers, request.POST)
    form.full_clean()
    if "others" in form.errors or form.cleaned_data["others"] is None:
        raise BadRequest
    others = other_forms(int(form.cleaned_data["others"]), request.POST, checked=True)
    if "more" in request.POST:
        data = request.POST
        typed = {name: data.getlist(name) for name in ("classes", "who")} | {"heard_from": data.get("heard_from", "")}
        more = other_forms(min(len(others) + 1, MOST_OTHERS), data, checked=False)
        return _page(request, offers, _form(request, offers, initial=typed), more)
    if not all([form.is_valid(), *(other.is_valid() for other in others)]):
        codes = {error.code for errors in form.errors.as_data().values() for error in errors}
        return _page(request, offers, form, others, status=400 if "invalid_choice" in codes else 200)
    named = [attendee for other in others if (attendee := other.attendee())]
    choice = Choice(
        offers=[offer for offer in offers if offer.pk in form.class_ids],
        attendees=[*form.attendees(), *named],
        readiness=form.cleaned_data["ready"],
        heard_from=form.cleaned_data["heard_from"],
    )
    _look_into(request, form, choice)
    if form.errors:
        return _page(request, offers, form, others)
    viewer = session_cart.account(request)
    if not choice.readiness and (asked := choosing.asks_for_level(choice, viewer, timezone.now())):
        form.ask_level_of(choice.attendees)
        if "asked" in request.POST:
            form.add_error("ready", UNANSWERED)
        levels = [(level, choosing.below(level)) for level in asked]
        return _page(request, offers, form, others, levels=levels)
    try:
        choosing.put_in_cart(session_cart.open_cart(request), choice)
    except carts.Full:
        form.add_error(None, "That’s too many for one order. Please order in two steps.")
        return _page(request, offers, form, others)
    return redirect("checkout")


def _look_into(request: HttpRequest, form: PeopleForm, choice: Choice) -> None:
    if not choice.attendees:
        form.add_error("who", NOBODY)
    for fault in choosing.full(choice.offers, timezone.now(), len(choice.attendees)):
        form.add_error("classes", fault)
    for fault in choosing.already(choice, session_cart.account(request)):
        form.add_error("classes", ValidationError(fault, code=ALREADY))


def _page(
    request: HttpRequest,
    offers: Sequence[ClassOffer],
    form: PeopleForm,
    others: Sequence[OtherForm],
    *,
    levels: Sequence[tuple[Any, Any]] = (),
    status: int = 200,
) -> HttpResponse:
    rooms = room.among(offers, timezone.now())
    chosen = set(form["classes"].value() or [])
    # This changes only the labels: without it they would say "optional".
    form.fields["who"].required = form.fields["ready"].required = True
    classes = [(Listed(offer, dates.today()), rooms[offer.pk], str(offer.pk) in chosen) for offer in offers]
    ids = [each.offer.pk for each, _, is_chosen in classes if is_chosen]
    asks_role = bool(ids) and OfferRole.objects.filter(offer__in=ids).exists()
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


@login_required
@require_safe
def my_classes(request: MemberRequest) -> HttpResponse:
    at = timezone.now()
    people, page = mine.people(request.user, at, request.GET.get("page"))
    context = {
        "people": people,
        "page": page,
        "waiting": shown.of_user(request.user, at),
        "user": request.user,
    }
    return render(request, "classwork/my_classes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def attendee_address(request: HttpRequest, number: int) -> HttpResponse:
    """The payer enters another address for an attendee who was not known at the first one."""
    order = session_cart.find_order(request, number)
    student = attendees.out_of_reach(order).first()
    form = AddressForm(request.POST or None)
    if student is not None and form.is_valid():
        attendees.reach_at(student, form.cleaned_data["email"])
        messages.success(request, f"Thanks! We’ll email {student} there.")
        return redirect(order.address())
    return render(request, "classwork/attendee_address.html", {"order": order, "student": student, "form": form})


@login_required
@require_POST
def renew_student_calendar(request: MemberRequest, pk: int) -> HttpResponse:
    student = get_object_or_404(Student.objects.in_care_of(request.user), pk=pk)
    diary.renew(student)
    messages.success(request, f"{student}’s calendar has a new link.")
    return redirect("my_classes")
