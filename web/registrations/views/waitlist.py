"""Joining the waitlist of a full class, and the page of an entry."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import session_cart
from billing.errors import CartFull
from classwork.models import ClassOffer
from common import dates
from common.permissions import desk_action, desk_form, desk_page
from common.search import read_number
from common.throttle import rate_limited
from common.views import FORM_METHODS, posted_data
from registrations.domain import capacity, registration_window
from registrations.domain.waitlist import class_roles, entries, presentation, session_entries
from registrations.errors import RegistrationRefused
from registrations.forms.waitlist import ClassRolesForm, JoinWaitlistForm, MoveEntryForm
from registrations.models import WaitlistEntry
from users.roles import acting_user

JOINED = _("You’re on the waitlist. We’ve emailed the details to {}.")

PER_PAGE = 50


LEFT = _("You’re no longer on the waitlist.")


@require_http_methods(FORM_METHODS)
@never_cache
@rate_limited("wait", by_address="60/h", by_account="10/h")
def join_waitlist(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    class_offer = get_object_or_404(ClassOffer.objects.published(dates.local_today()).for_lists(), pk=pk)
    if reason := registration_window.closed_reason(class_offer, at):
        messages.warning(request, reason)
        return redirect(class_offer)
    viewer, availability = session_cart.account_of_request(request), capacity.availability_of(class_offer, at)
    if request.method != "POST" and not availability.has_waitlist:
        messages.success(request, gettext("This class has spots left: you can register right away."))
        return redirect(class_offer)
    names = [role.name for role in availability.rules.roles]
    form = JoinWaitlistForm(names, viewer, list(viewer.in_care.all()) if viewer else [], posted_data(request))
    if request.method == "POST" and form.is_valid():
        try:
            joined = entries.find_or_join_waitlist(class_offer, list(form.requests()), form.contact)
        except RegistrationRefused as error:
            messages.warning(request, str(error))
            return redirect(class_offer)
        if viewer is not None:
            return redirect(entries.entry_url(joined.entry))
        session_entries.remember_session_entry(request.session, joined, form.people)
        messages.success(request, str(JOINED).format(form.contact.email))
        return redirect(class_offer)
    on_list = presentation.entries_of_viewer(class_offer, viewer, request.session, at)
    return render(
        request,
        "registrations/join_waitlist.html",
        {"class_offer": class_offer, "form": form, "availability": availability, "on_list": on_list},
    )


@require_POST
def leave_waitlist_in_session(request: HttpRequest, pk: int) -> HttpResponse:
    """For a visitor who joined in this browser session."""
    class_offer = get_object_or_404(ClassOffer.objects.published(dates.local_today()), pk=pk)
    position = read_number(request.POST.get("position", ""))
    if position is not None and session_entries.leave_session_entry(request.session, class_offer, position):
        messages.success(request, LEFT)
    return redirect(class_offer)


@require_safe
@never_cache
def entry(request: HttpRequest, token: str) -> HttpResponse:
    stored = _entry_or_404(token)
    entry_state = presentation.describe_entry(stored, timezone.now())
    context = {
        "waiting_entry": entry_state,
        "token": token,
        "class_offer": stored.class_offer,
        "ended": "" if entry_state.is_waiting or entry_state.is_open else entries.closed_entry_reason(stored),
        "log_in": stored.account is not None and session_cart.account_of_request(request) != stored.account,
    }
    return render(request, "registrations/waitlist_entry.html", context)


@require_POST
def accept_offer(request: HttpRequest, token: str) -> HttpResponse:
    """Only the account that owns the entry may accept, because “me” in the cart means that account."""
    stored = _entry_or_404(token)
    if stored.account is not None and session_cart.account_of_request(request) != stored.account:
        return redirect_to_login(entries.entry_url(stored))
    try:
        entries.accept_offer(stored, session_cart.find_or_create_cart(request))
    except RegistrationRefused as error:
        messages.warning(request, str(error))
        return redirect(entries.entry_url(stored))
    except CartFull as full:
        messages.warning(request, str(full))
        return redirect("cart")
    return redirect("checkout")


@require_POST
def leave_waitlist(request: HttpRequest, token: str) -> HttpResponse:
    stored = _entry_or_404(token)
    if entries.leave_waitlist(stored):
        messages.success(request, LEFT)
    return redirect(entries.entry_url(stored))


def _entry_or_404(token: str) -> WaitlistEntry:
    stored = entries.find_entry(token)
    if stored is None:
        raise Http404
    return stored


# -- the desk --------------------------------------------------------------------------------------------------------


@desk_page("registrations.view_waitlistentry")
def desk_waitlists(request: HttpRequest) -> HttpResponse:
    page = Paginator(presentation.classes_with_waitlist(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "lists": presentation.waitlists_of_classes(list(page), timezone.now())}
    return render(request, "registrations/desk/waitlists.html", context)


@desk_page("registrations.view_waitlistentry")
def desk_waitlist(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    class_offer = get_object_or_404(ClassOffer.objects.for_orders(), pk=pk)
    context = {
        "class_offer": class_offer,
        "availability": capacity.availability_of(class_offer, at),
        "page": Paginator(presentation.entries_of_class(class_offer, at), PER_PAGE).get_page(request.GET.get("page")),
        "ended": presentation.ended_entries(class_offer, at),
        "walks": presentation.describe_walks(class_offer),
        "form": MoveEntryForm(),
    }
    return render(request, "registrations/desk/waitlist.html", context)


@desk_form("registrations.arrange_waitlist")
def class_roles_page(request: HttpRequest, pk: int) -> HttpResponse:
    class_offer = get_object_or_404(ClassOffer.objects.for_orders(), pk=pk)
    availability = capacity.availability_of(class_offer, timezone.now())
    form = ClassRolesForm(posted_data(request), initial=ClassRolesForm.known(availability.rules))
    if form.is_valid():
        try:
            class_roles.set_class_roles(class_offer, form.roles, form.apart, acting_user(request))
            messages.success(request, gettext("Saved. Everyone who fits these rules has been offered a spot."))
            return redirect("desk_waitlist", pk)
        except RegistrationRefused as error:
            form.add_error(None, str(error))
    return render(request, "registrations/desk/class_roles.html", {"class_offer": class_offer, "form": form})


@desk_action("registrations.arrange_waitlist")
def change_entry(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    stored = get_object_or_404(WaitlistEntry.objects.select_related("class_offer"), pk=pk)
    form = MoveEntryForm(request.POST)
    if action != "move":
        del form.fields["position"]
    if not form.is_valid():
        with_position = gettext("Please enter a reason and the new position.")
        messages.error(request, with_position if action == "move" else gettext("Please enter a reason."))
        return redirect("desk_waitlist", stored.class_offer_id)
    why, by = form.cleaned_data["why"], acting_user(request)
    try:
        if action == "move":
            entries.move_entry(stored, form.cleaned_data["position"], why=why, by=by)
        else:
            {"offer": entries.offer_spot_by_hand, "remove": entries.remove_entry}[action](stored, why=why, by=by)
    except RegistrationRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, gettext("Done."))
    return redirect("desk_waitlist", stored.class_offer_id)
