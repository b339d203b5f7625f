"""The desk: who has a place in which class, and places entered by hand."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing.domain.placing import NotPlaced
from billing.forms import WhyForm
from classwork.domain.places import desk, mine, registering, room
from classwork.domain.places.desk import Wanted
from classwork.forms.places import EntryForm
from classwork.models import ClassOffer, Registration, Session
from classwork.views import posted
from common import search
from users.domain import happened
from users.models import Student
from users.roles import acting, desk_required

PER_PAGE = 50
ASK = ["GET", "HEAD", "POST"]
DEEDS: dict[str, tuple[str, Callable[..., bool]]] = {
    Registration.State.CONFIRMED: ("Put on hold", registering.put_on_hold),
    Registration.State.ON_HOLD: ("Take off hold", registering.take_off_hold),
}


def number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


@require_safe
@desk_required("classwork.view_registration")
def index(request: HttpRequest) -> HttpResponse:
    said, at = request.GET, timezone.now()
    wanted = Wanted(
        search.words(request), said.get("show", ""), number(said.get("class", "")), number(said.get("session", ""))
    )
    page = Paginator(desk.search(wanted), PER_PAGE).get_page(said.get("page"))
    offer = ClassOffer.objects.for_lists().filter(pk=wanted.offer_id).first() if wanted.offer_id else None
    context = {
        "page": page,
        "places": [mine.place(registration, at) for registration in page],
        "wanted": wanted,
        "choices": desk.LISTED,
        "sessions": Session.objects.order_by("-key_day_date")[:24],
        "offer": offer,
        "room": room.of(offer, at) if offer else None,
    }
    return render(request, "desk/registrations.html", context)


@require_http_methods(ASK)
@desk_required("classwork.view_registration")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One place, and putting it on hold while somebody disputes it."""
    one = get_object_or_404(Registration.objects.for_lists(), pk=pk)
    label, deed = DEEDS.get(one.state, ("", None))
    form = WhyForm(posted(request)) if deed else None
    if request.method == "POST" and not acting(request).has_perm("classwork.change_registration"):
        raise PermissionDenied
    if deed and form and form.is_valid():
        if deed(one, why=form.cleaned_data["why"], by=acting(request)):
            messages.success(request, f"{label}: done.")
        return redirect("desk_registration", pk)
    context = {"place": mine.place(one, timezone.now()), "form": form, "deed": label, "happened": happened.to(one)}
    return render(request, "desk/registration.html", context)


@require_http_methods(ASK)
@desk_required("classwork.add_registration")
def enter(request: HttpRequest) -> HttpResponse:
    actor = acting(request)
    chosen = number(request.GET.get("student", ""))
    student = get_object_or_404(Student.objects.visible_to(actor), pk=chosen) if chosen else None
    form = EntryForm(
        desk.open_to_the_desk(timezone.now()),
        student,
        request.POST or None,
        may_exceed=actor.has_perm("classwork.exceed_capacity"),
        initial={"offer": request.GET.get("class")},
    )
    if form.is_valid():
        said = form.cleaned_data
        try:
            order = desk.enter(
                actor,
                said["offer"],
                form.person,
                why=said["why"],
                over_capacity=said.get("over_capacity", False),
                pay_by=said["pay_by"],
                role=said.get("role", ""),
            )
        except NotPlaced as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{order.payer_name} has a place in {said['offer']}.")
            return redirect("desk_order", number=order.pk)
    return render(request, "desk/register.html", {"form": form, "student": student})
