"""Moving a spot to another class and transferring it to another person, for the student or a guardian."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from billing.models import Order
from classwork.domain.catalog.class_summary import Listed
from classwork.domain.places import alternatives, choosing, moving, passing
from classwork.domain.places.attendees import STUDENT, Attendee
from classwork.domain.places.choosing import Choice
from classwork.domain.places.deadlines import until
from classwork.domain.places.moving import CannotBe, Wish
from classwork.domain.places.waiting.balance import EITHER
from classwork.forms.moving import GiveForm, MoveForm
from classwork.models import ClassOffer, Level, Registration
from classwork.views import posted
from common import dates
from common.throttle import throttled
from users.models import User
from users.requests import MemberRequest

ASK = ["GET", "HEAD", "POST"]
Levels = list[tuple[Level, Level | None]]


def _mine(user: User, pk: int) -> Registration:
    return get_object_or_404(Registration.objects.visible_to(user).for_lists(), pk=pk)


@login_required
@require_safe
@never_cache
def choose(request: MemberRequest, pk: int) -> HttpResponse:
    mine, at = _mine(request.user, pk), timezone.now()
    try:
        found = alternatives.options(mine, request.user, at)
    except CannotBe as no:
        return _back(request, no)
    context = {
        "place": mine,
        "listed": Listed(mine.offer, dates.today()),
        "options": found,
        "currency": _currency(mine),
    }
    return render(request, "classwork/move.html", context | {"until": until(mine, settings.MOVE_UNTIL_CLASS)})


def _currency(place: Registration) -> str:
    return place.line.order.currency if place.line else ""


def _back(request: HttpRequest, no: CannotBe) -> HttpResponse:
    messages.warning(request, str(no))
    return redirect("my_classes")


@login_required
@require_http_methods(ASK)
@never_cache
def move(request: MemberRequest, pk: int, offer: int) -> HttpResponse:
    mine, at = _mine(request.user, pk), timezone.now()
    chosen = get_object_or_404(ClassOffer.objects.published(dates.today()).for_lists(), pk=offer)
    roles, levels = [role.name for role in chosen.roles.all()], _levels(request.user, mine, chosen)
    form = MoveForm(roles, bool(levels), posted(request), initial={"role": mine.role})
    said = form.wish(chosen) if form.is_valid() else Wish(chosen, EITHER if roles else "")
    try:
        if form.is_valid():
            return _moved(request, mine, said, form.cleaned_data["seen"])
        quote = moving.quote(mine, said, request.user, at)
    except CannotBe as no:
        messages.warning(request, str(no))
        return redirect("move_place", pk) if mine.is_live else redirect("my_classes")
    form.initial["seen"] = quote.fingerprint
    context = {"place": mine, "form": form, "levels": levels, "quote": quote}
    context |= {"before": Listed(mine.offer, dates.today()), "now": Listed(chosen, dates.today())}
    return render(request, "classwork/move_to.html", context)


def _moved(request: MemberRequest, mine: Registration, wish: Wish, seen: str) -> HttpResponse:
    order = moving.move(mine, wish, request.user, timezone.now(), seen=seen)
    if order.state == Order.State.PLACED and order.due == Order.Due.NOW:
        messages.success(request, "Your new spot is reserved. You keep your old spot until you’ve paid.")
        return redirect(order.address())
    messages.success(request, f"{mine.student} has a spot in {wish.offer.subject.title} now.")
    return redirect("my_classes")


def _levels(user: User, mine: Registration, chosen: ClassOffer) -> Levels:
    asked = Choice([chosen], [Attendee(STUDENT, student_id=mine.student_id)])
    return [(level, choosing.below(level)) for level in choosing.asks_for_level(asked, user, timezone.now())]


@login_required
@require_http_methods(ASK)
@never_cache
@throttled("give_place", by_address="60/h", by_account="20/h")
def give(request: MemberRequest, pk: int) -> HttpResponse:
    mine, at = _mine(request.user, pk), timezone.now()
    asked = choosing.asks_for_level(Choice([mine.offer], [Attendee("other")]), None, at)
    levels = [(level, choosing.below(level)) for level in asked]
    form = GiveForm(bool(levels), posted(request))
    try:
        passing.check(mine, request.user, at)
        if form.is_valid():
            passing.give(mine, form.person, request.user, at, readiness=form.cleaned_data.get("ready", ""))
            messages.success(
                request, f"The spot was transferred to {form.cleaned_data['first_name']}. We’ve emailed them."
            )
            return redirect("my_classes")
    except CannotBe as no:
        if str(no) != passing.THEIRS.format(mine.student):
            return _back(request, no)
        form.add_error(None, str(no))
    context = {"place": mine, "listed": Listed(mine.offer, dates.today()), "form": form, "levels": levels}
    return render(request, "classwork/give_place.html", context)
