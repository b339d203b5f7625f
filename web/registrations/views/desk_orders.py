"""The order that the desk enters: people and classes are added one after another, then it is placed."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import session_cart
from billing.domain.orders import cart as carts
from billing.domain.vouchers import redemption
from billing.errors import CartFull, DiscountCodeRefused, OrderNotPlaced
from billing.models import Order
from common import search
from common.permissions import desk_form
from common.views import posted_data
from registrations.domain import desk_orders, desk_registrations
from registrations.domain.desk_orders import DeskChoice
from registrations.forms.desk_orders import DeskChoiceForm, DeskOrderForm
from users.models import Student
from users.roles import acting_user


@desk_form("registrations.add_registration")
def register(request: HttpRequest) -> HttpResponse:
    cart, at = session_cart.find_desk_cart(request), timezone.now()
    if cart is not None and request.method == "POST" and request.POST.keys() & {"remove", "unchoose"}:
        return _remove(request, cart, at)
    actor, chosen = acting_user(request), search.read_number(request.GET.get("student", ""))
    student = get_object_or_404(Student.objects.visible_to(actor), pk=chosen) if chosen else None
    posted, has_lines = posted_data(request), cart is not None and bool(cart.lines.all())
    choice_form = DeskChoiceForm(
        desk_registrations.classes_open_to_desk(at),
        student,
        posted,
        may_exceed=actor.has_perm("registrations.exceed_capacity"),
        initial=None if posted else {"classes": request.GET.getlist("class")},
        empty_permitted=has_lines and "add" not in request.POST,
    )
    code = cart.discount_code.code if cart and cart.discount_code else ""
    order_form = DeskOrderForm(posted, initial={"code": code})
    if posted is not None and all([choice_form.is_valid(), order_form.is_valid()]):
        try:
            return _enter_choice(request, cart, choice_form.choice, order_form)
        except (OrderNotPlaced, CartFull, DiscountCodeRefused) as refused:
            order_form.add_error("code" if isinstance(refused, DiscountCodeRefused) else None, str(refused))
            cart = session_cart.find_desk_cart(request)
    context = {
        "cart": cart,
        "summary": desk_orders.price_order(cart, at) if cart and has_lines else None,
        "student": student,
        "form": choice_form,
        "order_form": order_form,
    }
    return render(request, "registrations/desk/register.html", context)


def _enter_choice(
    request: HttpRequest, cart: Order | None, choice: DeskChoice | None, form: DeskOrderForm
) -> HttpResponse:
    actor, entry = acting_user(request), form.cleaned_data
    if "add" in request.POST:
        session_cart.remember_desk_cart(request, desk_orders.enter_order(cart, actor, choice, form.new_code))
        return redirect("desk_register")
    order = desk_orders.place_order(
        cart, actor, choice, form.new_code, pay_by=entry["pay_by"], why=entry["why"], seen=form.seen
    )
    messages.success(request, _("The order is placed."))
    return redirect("desk_order", number=order.pk)


def _remove(request: HttpRequest, cart: Order, at: datetime) -> HttpResponse:
    if line_id := search.read_number(request.POST.get("remove", "")):
        if warning := carts.remove_line(cart, line_id, at):
            messages.warning(request, warning)
    elif voucher_id := search.read_number(request.POST.get("unchoose", "")):
        redemption.remove_chosen_voucher(cart, voucher_id)
    return redirect("desk_register")
