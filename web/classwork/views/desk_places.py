"""Registrations at the desk."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing.domain.cancellations import cancellation_options
from billing.domain.orders.placement import NotPlaced
from billing.forms import WhyForm
from classwork.domain.catalog.class_summary import Listed
from classwork.domain.places import desk, mine, moving, passing, registering, room
from classwork.domain.places.desk import Wanted
from classwork.domain.places.moving import ByDesk, CannotBe
from classwork.forms.moving import DeskGiveForm, DeskMoveForm
from classwork.forms.places import EntryForm
from classwork.models import ClassOffer, Registration, Session
from classwork.views import posted
from common import dates, search
from users.domain import recent_history
from users.models import Student
from users.roles import acting, desk_required

PER_PAGE = 50
ASK = ["GET", "HEAD", "POST"]
HOLD_ACTIONS: dict[str, tuple[str, Callable[..., bool]]] = {
    Registration.State.CONFIRMED: ("Put on hold", registering.put_on_hold),
    Registration.State.ON_HOLD: ("Take off hold", registering.take_off_hold),
}


@require_safe
@desk_required("classwork.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    query, at = request.GET, timezone.now()
    criteria = Wanted(
        search.words(request),
        query.get("show", ""),
        search.read_number(query.get("class", "")),
        search.read_number(query.get("session", "")),
        query.get("heard", ""),
    )
    page = Paginator(desk.search(criteria), PER_PAGE).get_page(query.get("page"))
    offer = ClassOffer.objects.for_lists().filter(pk=criteria.offer_id).first() if criteria.offer_id else None
    context = {
        "page": page,
        "places": [mine.place(registration, at) for registration in page],
        "wanted": criteria,
        "choices": desk.LISTED,
        "sessions": Session.objects.order_by("-key_day_date")[:24],
        "offer": offer,
        "room": room.of(offer, at) if offer else None,
    }
    return render(request, "desk/registrations.html", context)


@require_http_methods(ASK)
@desk_required("classwork.view_registration")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    registration = get_object_or_404(Registration.objects.for_lists(), pk=pk)
    label, action = HOLD_ACTIONS.get(registration.state, ("", None))
    form = WhyForm(posted(request)) if action else None
    if request.method == "POST" and not acting(request).has_perm("classwork.change_registration"):
        raise PermissionDenied
    if action and form and form.is_valid():
        if action(registration, why=form.cleaned_data["why"], by=acting(request)):
            messages.success(request, f"{label}: done.")
        return redirect("desk_registration", pk)
    context = {
        "place": mine.place(registration, timezone.now()),
        "form": form,
        "deed": label,
        "happened": recent_history.to(registration),
        "may_cancel": registration.is_live
        and registration.line is not None
        and not cancellation_options.is_disputed(registration.line.order),
    }
    return render(request, "desk/registration.html", context)


@require_http_methods(ASK)
@desk_required("classwork.add_registration")
def enter(request: HttpRequest) -> HttpResponse:
    actor = acting(request)
    chosen = search.read_number(request.GET.get("student", ""))
    student = get_object_or_404(Student.objects.visible_to(actor), pk=chosen) if chosen else None
    form = EntryForm(
        desk.open_to_the_desk(timezone.now()),
        student,
        request.POST or None,
        may_exceed=actor.has_perm("classwork.exceed_capacity"),
        initial={"offer": request.GET.get("class")},
    )
    if form.is_valid():
        entry = form.cleaned_data
        try:
            order = desk.enter(
                actor,
                entry["offer"],
                form.person,
                why=entry["why"],
                over_capacity=entry.get("over_capacity", False),
                pay_by=entry["pay_by"],
                role=entry.get("role", ""),
            )
        except NotPlaced as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{order.payer_name} is registered for {entry['offer']}.")
            return redirect("desk_order", number=order.pk)
    return render(request, "desk/register.html", {"form": form, "student": student})


@require_http_methods(ASK)
@desk_required("classwork.change_registration")
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """The first button shows the price, and the second one moves the spot."""
    registration, at = get_object_or_404(Registration.objects.for_lists(), pk=pk), timezone.now()
    open_now = desk.open_to_the_desk(at).exclude(pk=registration.offer_id)
    form = DeskMoveForm(open_now, acting(request), posted(request))
    quote = None
    if form.is_valid():
        try:
            if "do" in request.POST:
                moving.move(registration, form.wish, form.by, at, seen=request.POST.get("seen", ""))
                messages.success(request, f"{registration.student} has been moved to {form.wish.offer}.")
                return redirect("desk_registration", pk)
            quote = moving.quote(registration, form.wish, form.by, at)
        except CannotBe as error:
            form.add_error(None, str(error))
    context = {"one": registration, "listed": Listed(registration.offer, dates.today()), "form": form, "quote": quote}
    return render(request, "desk/move.html", context)


@require_http_methods(ASK)
@desk_required("classwork.change_registration")
def give(request: HttpRequest, pk: int) -> HttpResponse:
    registration = get_object_or_404(Registration.objects.for_lists(), pk=pk)
    form = DeskGiveForm(posted(request))
    if form.is_valid():
        by = ByDesk(acting(request), form.cleaned_data["why"])
        try:
            transferred = passing.give(registration, form.person, by, timezone.now())
        except CannotBe as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The registration has been transferred to {transferred.student}.")
            return redirect("desk_registration", transferred.pk)
    return render(
        request,
        "desk/give.html",
        {"one": registration, "listed": Listed(registration.offer, dates.today()), "form": form},
    )
