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
from classwork.models import ClassOffer, Registration
from classwork.views import posted
from common import dates
from common.throttle import throttled
from users.models import User
from users.requests import MemberRequest

ASK = ["GET", "HEAD", "POST"]


def _mine(user: User, pk: int) -> Registration:
    return get_object_or_404(Registration.objects.visible_to(user).for_lists(), pk=pk)


@login_required
@require_safe
@never_cache
def choose(request: MemberRequest, pk: int) -> HttpResponse:
    registration, at = _mine(request.user, pk), timezone.now()
    try:
        options = alternatives.options(registration, request.user, at)
    except CannotBe as error:
        return _back(request, error)
    context = {
        "place": registration,
        "listed": Listed(registration.offer, dates.today()),
        "options": options,
        "currency": registration.line.order.currency if registration.line else "",
    }
    return render(request, "classwork/move.html", context | {"until": until(registration, settings.MOVE_UNTIL_CLASS)})


def _back(request: HttpRequest, error: CannotBe) -> HttpResponse:
    messages.warning(request, str(error))
    return redirect("my_classes")


@login_required
@require_http_methods(ASK)
@never_cache
def move(request: MemberRequest, pk: int, offer: int) -> HttpResponse:
    registration, at = _mine(request.user, pk), timezone.now()
    chosen = get_object_or_404(ClassOffer.objects.published(dates.today()).for_lists(), pk=offer)
    roles = [role.name for role in chosen.roles.all()]
    choice = Choice([chosen], [Attendee(STUDENT, student_id=registration.student_id)])
    levels = [(level, choosing.below(level)) for level in choosing.asks_for_level(choice, request.user, at)]
    form = MoveForm(roles, bool(levels), posted(request), initial={"role": registration.role})
    wish = form.wish(chosen) if form.is_valid() else Wish(chosen, EITHER if roles else "")
    try:
        if form.is_valid():
            order = moving.move(registration, wish, request.user, timezone.now(), seen=form.cleaned_data["seen"])
            if order.state == Order.State.PLACED and order.due == Order.Due.NOW:
                messages.success(request, "Your new spot is reserved. You keep your old spot until you’ve paid.")
                return redirect(order.address())
            messages.success(request, f"{registration.student} has a spot in {wish.offer.subject.title} now.")
            return redirect("my_classes")
        quote = moving.quote(registration, wish, request.user, at)
    except CannotBe as error:
        messages.warning(request, str(error))
        return redirect("move_place", pk) if registration.is_live else redirect("my_classes")
    form.initial["seen"] = quote.fingerprint
    context = {"place": registration, "form": form, "levels": levels, "quote": quote}
    context |= {"before": Listed(registration.offer, dates.today()), "now": Listed(chosen, dates.today())}
    return render(request, "classwork/move_to.html", context)


@login_required
@require_http_methods(ASK)
@never_cache
@throttled("give_place", by_address="60/h", by_account="20/h")
def give(request: MemberRequest, pk: int) -> HttpResponse:
    registration, at = _mine(request.user, pk), timezone.now()
    asked = choosing.asks_for_level(Choice([registration.offer], [Attendee("other")]), None, at)
    levels = [(level, choosing.below(level)) for level in asked]
    form = GiveForm(bool(levels), posted(request))
    try:
        passing.check(registration, request.user, at)
        if form.is_valid():
            passing.give(registration, form.person, request.user, at, readiness=form.cleaned_data.get("ready", ""))
            messages.success(
                request, f"The spot was transferred to {form.cleaned_data['first_name']}. We’ve emailed them."
            )
            return redirect("my_classes")
    except CannotBe as error:
        if str(error) != passing.THEIRS.format(registration.student):
            return _back(request, error)
        form.add_error(None, str(error))
    context = {
        "place": registration,
        "listed": Listed(registration.offer, dates.today()),
        "form": form,
        "levels": levels,
    }
    return render(request, "classwork/give_place.html", context)
