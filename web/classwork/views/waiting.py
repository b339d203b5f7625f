"""Joining the waitlist of a full class, and the page of an entry."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from billing import session_cart
from billing.domain.orders import cart as carts
from classwork.domain.places import opening, room
from classwork.domain.places.waiting import arranging, entries, session_entries, shown
from classwork.forms.waiting import MoveForm, RolesForm, WaitForm
from classwork.models import ClassOffer, WaitingEntry
from classwork.views import posted
from common import dates
from common.search import read_number
from common.throttle import throttled
from users.roles import acting, desk_required

JOINED = "You’re on the waitlist. We’ve emailed the details to {}."

PER_PAGE = 50


LEFT = "You’re no longer on the waitlist."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@throttled("wait", by_address="60/h", by_account="10/h")
def join(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    offer = get_object_or_404(ClassOffer.objects.published(dates.today()).for_lists(), pk=pk)
    if reason := opening.closed_because(offer, at):
        messages.warning(request, reason)
        return redirect(offer)
    viewer, availability = session_cart.account(request), room.of(offer, at)
    if request.method != "POST" and not availability.has_waitlist:
        messages.success(request, "This class has spots left: you can register right away.")
        return redirect(offer)
    names = [role.name for role in availability.rules.roles]
    form = WaitForm(names, viewer, list(viewer.in_care.all()) if viewer else [], posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            joined = entries.join_or_find(offer, list(form.wishes()), form.contact)
        except entries.CannotBe as error:
            messages.warning(request, str(error))
            return redirect(offer)
        if viewer is not None:
            return redirect(entries.address(joined.entry))
        session_entries.remember(request.session, joined, form.people)
        messages.success(request, JOINED.format(form.contact.email))
        return redirect(offer)
    on_list = shown.of_viewer(offer, viewer, request.session, at)
    return render(
        request, "classwork/wait.html", {"offer": offer, "form": form, "room": availability, "on_list": on_list}
    )


@require_POST
def leave_typed(request: HttpRequest, pk: int) -> HttpResponse:
    """For a visitor who joined in this browser session."""
    offer = get_object_or_404(ClassOffer.objects.published(dates.today()), pk=pk)
    position = read_number(request.POST.get("position", ""))
    if position is not None and session_entries.leave(request.session, offer, position):
        messages.success(request, LEFT)
    return redirect(offer)


@require_http_methods(["GET", "HEAD"])
@never_cache
def entry(request: HttpRequest, token: str) -> HttpResponse:
    stored = _find(token)
    entry_state = shown.one(stored, timezone.now())
    context = {
        "one": entry_state,
        "token": token,
        "offer": stored.offer,
        "ended": "" if entry_state.is_waiting or entry_state.is_open else entries.why_not(stored),
        "log_in": stored.account is not None and session_cart.account(request) != stored.account,
    }
    return render(request, "classwork/waiting_entry.html", context)


@require_POST
def take(request: HttpRequest, token: str) -> HttpResponse:
    """Only the account that owns the entry may accept, because “me” in the cart means that account."""
    stored = _find(token)
    if stored.account is not None and session_cart.account(request) != stored.account:
        return redirect_to_login(entries.address(stored))
    try:
        entries.take(stored, session_cart.open_cart(request))
    except entries.CannotBe as error:
        messages.warning(request, str(error))
        return redirect(entries.address(stored))
    except carts.Full as full:
        messages.warning(request, str(full))
        return redirect("cart")
    return redirect("checkout")


@require_POST
def leave(request: HttpRequest, token: str) -> HttpResponse:
    stored = _find(token)
    if entries.leave(stored):
        messages.success(request, LEFT)
    return redirect(entries.address(stored))


def _find(token: str) -> WaitingEntry:
    stored = entries.find(token)
    if stored is None:
        raise Http404
    return stored


# -- the desk --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD"])
@desk_required("classwork.view_waitingentry")
def desk_lists(request: HttpRequest) -> HttpResponse:
    page = Paginator(shown.waited_for(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "lists": shown.lists(list(page), timezone.now())}
    return render(request, "desk/waiting_lists.html", context)


@require_http_methods(["GET", "HEAD"])
@desk_required("classwork.view_waitingentry")
def desk_list(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    offer = get_object_or_404(ClassOffer.objects.for_lists(), pk=pk)
    context = {
        "offer": offer,
        "room": room.of(offer, at),
        "page": Paginator(shown.of_offer(offer, at), PER_PAGE).get_page(request.GET.get("page")),
        "ended": shown.ended(offer, at),
        "walks": shown.walks(offer),
        "form": MoveForm(),
    }
    return render(request, "desk/waiting.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_required("classwork.arrange_waiting")
def roles(request: HttpRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(ClassOffer.objects.for_lists(), pk=pk)
    availability = room.of(offer, timezone.now())
    form = RolesForm(posted(request), initial=RolesForm.known(availability.rules))
    if form.is_valid():
        try:
            arranging.arrange(offer, form.roles, form.apart, acting(request))
            messages.success(request, "Saved. Everyone who fits these rules has been offered a spot.")
            return redirect("desk_waiting", pk)
        except arranging.InUse as error:
            form.add_error(None, str(error))
    return render(request, "desk/roles.html", {"offer": offer, "form": form})


@require_POST
@desk_required("classwork.arrange_waiting")
def arrange(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    stored = get_object_or_404(WaitingEntry.objects.select_related("offer"), pk=pk)
    form = MoveForm(request.POST)
    if action != "move":
        del form.fields["place"]
    if not form.is_valid():
        messages.error(request, "Please enter a reason" + (" and the new position." if action == "move" else "."))
        return redirect("desk_waiting", stored.offer_id)
    why, by = form.cleaned_data["why"], acting(request)
    try:
        if action == "move":
            entries.move(stored, form.cleaned_data["place"], why=why, by=by)
        else:
            {"offer": entries.offer_by_hand, "remove": entries.take_off}[action](stored, why=why, by=by)
    except entries.CannotBe as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Done.")
    return redirect("desk_waiting", stored.offer_id)
