"""Drop-ins and trials: buying a ticket, and the ticket's page, which also offers the rest of the class."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import session_cart
from billing.errors import CartFull, OrderNotPlaced
from classwork.models import ClassOffer
from common import dates
from common.forms import ReasonForm
from common.kept_forms import keep_and_redirect, take_kept_form
from common.permissions import desk_form, desk_page
from common.throttle import rate_limited
from common.views import FORM_METHODS, posted_data
from registrations.domain import attendees, cart, desk_orders, my_classes, roster, status_text, ticket_sales
from registrations.domain.desk_orders import DeskChoice
from registrations.domain.upgrades import upgrades
from registrations.errors import RegistrationRefused
from registrations.forms.registration import OtherPersonForm
from registrations.forms.tickets import SellTicketForm, TicketForm
from registrations.models import Registration
from users.domain import recent_history
from users.roles import acting_user


@require_http_methods(FORM_METHODS)
@rate_limited("register", by_address="240/h")
@never_cache
def buy_ticket(request: HttpRequest, pk: int) -> HttpResponse:
    class_offer = get_object_or_404(ClassOffer.objects.published(dates.local_today()).for_lists(), pk=pk)
    days = ticket_sales.days_with_tickets(class_offer, timezone.now())
    if not days:
        messages.warning(request, ticket_sales.nothing_on_sale_reason(class_offer))
        return redirect(class_offer)
    viewer = session_cart.account_of_request(request)
    in_care = list(viewer.in_care.all()) if viewer else []
    kept = take_kept_form(request) if request.method != "POST" else None
    data = posted_data(request) or (kept.data if kept else None)
    form = TicketForm(class_offer, days, viewer, in_care, data)
    other = OtherPersonForm(data, prefix="other-0", empty_permitted=True, use_required_attribute=False)
    if request.method == "POST":
        return _add_ticket_to_cart(request, pk, form, other)
    if kept and kept.problem:
        form.add_error(None, kept.problem)
    form.fields["who"].required = True  # This changes only the label, which would say "optional".
    full = [day.meeting for day in days if day.availability.is_full]
    context = {
        "class_offer": class_offer,
        "form": form,
        "other": other,
        "full": full,
        "all_full": len(full) == len(days),
    }
    return render(request, "registrations/ticket_form.html", context)


def _add_ticket_to_cart(request: HttpRequest, pk: int, form: TicketForm, other: OtherPersonForm) -> HttpResponse:
    if not (form.is_valid() and other.is_valid()):
        return keep_and_redirect(request, "buy_ticket", pk)
    other_person = other.attendee()
    people = [*form.attendees(), *([other_person] if other_person else [])]
    if not people:
        return keep_and_redirect(request, "buy_ticket", pk, problem=str(attendees.NOBODY))
    try:
        cart.add_tickets_to_cart(
            session_cart.find_or_create_cart(request), form.chosen_meeting, people, trial=form.is_trial
        )
    except CartFull as full:
        return keep_and_redirect(request, "buy_ticket", pk, problem=str(full))
    return redirect("checkout")


@require_safe
@never_cache
def ticket(request: HttpRequest, token: str) -> HttpResponse:
    stored, at = _ticket_or_404(token), timezone.now()
    refusal = upgrades.upgrade_refusal(stored, at)
    price, credit = (None, None) if refusal else upgrades.quote_upgrade(stored, at)
    context = {
        "ticket": stored,
        "class_offer": stored.class_offer,
        "token": token,
        "status": status_text.ticket_status(stored, at),
        "why_not": refusal,
        "price": price,
        "credit": credit,
        "currency": stored.ordered_line.order.currency,
        "rest": price - credit if price is not None and credit is not None else None,
        "log_in": _belongs_to_another_account(request, stored),
        "by_another": upgrades.is_paid_by_someone_else(stored),
    }
    return render(request, "registrations/ticket.html", context)


@require_POST
def upgrade(request: HttpRequest, token: str) -> HttpResponse:
    """Only the account that paid may exchange the ticket, because “me” in the cart means that account."""
    stored = _ticket_or_404(token)
    if _belongs_to_another_account(request, stored):
        return redirect_to_login(upgrades.ticket_url(stored))
    try:
        upgrades.add_upgrade_to_cart(stored, session_cart.find_or_create_cart(request), timezone.now())
    except RegistrationRefused as error:
        messages.warning(request, str(error))
        return redirect(upgrades.ticket_url(stored))
    except CartFull as full:
        messages.warning(request, str(full))
        return redirect("cart")
    return redirect("checkout")


def _ticket_or_404(token: str) -> Registration:
    stored = upgrades.find_ticket(token)
    if stored is None:
        raise Http404
    return stored


def _belongs_to_another_account(request: HttpRequest, stored: Registration) -> bool:
    payer = stored.ordered_line.order.payer
    return payer is not None and session_cart.account_of_request(request) != payer


# -- the desk --------------------------------------------------------------------------------------------------------


@desk_page("registrations.view_registration")
def desk_ticket_list(request: HttpRequest, pk: int) -> HttpResponse:
    class_offer, at = get_object_or_404(ClassOffer.objects.for_lists(), pk=pk), timezone.now()
    tickets = [my_classes.describe_ticket(ticket, at) for ticket in roster.tickets_for_class(class_offer, at)]
    return render(
        request,
        "registrations/desk/tickets.html",
        {"class_offer": class_offer, "tickets": tickets, "is_sold": ticket_sales.sells_tickets(class_offer)},
    )


@desk_form("registrations.view_registration")
def desk_ticket(request: HttpRequest, pk: int) -> HttpResponse:
    stored, at = get_object_or_404(Registration.objects.single_meeting().for_meeting_lists(), pk=pk), timezone.now()
    refusal = "" if stored.is_confirmed else upgrades.ENDED
    if request.method == "POST" and not acting_user(request).has_perm("registrations.add_registration"):
        raise PermissionDenied
    form = None if refusal else ReasonForm(posted_data(request))
    if form and form.is_valid():
        try:
            order = upgrades.upgrade_at_desk(stored, by=acting_user(request), why=form.cleaned_data["why"], at=at)
            names = {"student": stored.student, "class": stored.class_offer}
            messages.success(request, _("%(student)s is registered for the rest of %(class)s.") % names)
            return redirect("desk_order", number=order.pk)
        except OrderNotPlaced as error:
            form.add_error(None, str(error))
    context = {
        "one": my_classes.describe_ticket(stored, at),
        "form": form,
        "history_lines": recent_history.recent_history_of(stored),
    }
    return render(request, "registrations/desk/ticket.html", context)


@desk_form("registrations.add_registration")
def sell_ticket(request: HttpRequest, pk: int) -> HttpResponse:
    class_offer = get_object_or_404(ClassOffer.objects.for_lists(), pk=pk)
    days = ticket_sales.days_with_tickets(class_offer, timezone.now(), by_desk=True)
    if not days:
        messages.warning(request, ticket_sales.nothing_on_sale_reason(class_offer))
        return redirect("desk_tickets", pk)
    form = SellTicketForm(class_offer, days, None, posted_data(request))
    if form.is_valid():
        day, role = form.chosen_meeting, form.cleaned_data.get("role", "")
        choice = DeskChoice(form.person, [pk], day.pk, role, form.is_trial)
        try:
            if "add" in request.POST:
                desk_cart = session_cart.find_desk_cart(request)
                session_cart.remember_desk_cart(
                    request, desk_orders.enter_order(desk_cart, acting_user(request), choice)
                )
                return redirect("desk_register")
            order = desk_orders.place_order(None, acting_user(request), choice)
            messages.success(request, _("%(name)s is registered for this class day.") % {"name": order.payer_name})
            return redirect("desk_order", number=order.pk)
        except (OrderNotPlaced, CartFull) as refused:
            form.add_error(None, str(refused))
    return render(request, "registrations/desk/sell_ticket.html", {"class_offer": class_offer, "form": form})
