"""The public pages for gift vouchers: buying one, and the voucher itself, to be printed or forwarded."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from billing import session_cart
from billing.domain.orders import cart as carts
from billing.domain.vouchers import eligibility, sales
from billing.errors import CartFull
from billing.forms.vouchers import VoucherForm
from billing.models import Voucher
from billing.models.vouchers import KEY_AGE, PURPOSE
from common import dates, links
from common.kept_forms import keep_and_redirect, take_kept_form
from common.throttle import rate_limited
from common.views import FORM_METHODS


@require_http_methods(FORM_METHODS)
@rate_limited("register", by_address="240/h")
def buy_voucher(request: HttpRequest) -> HttpResponse:
    if not settings.SELL_VOUCHERS:
        return render(request, "billing/vouchers.html", {"closed": True})
    if request.method == "POST":
        form, problem = VoucherForm(request.POST), ""
        if form.is_valid():
            try:
                carts.add_line(session_cart.find_or_create_cart(request), "voucher", 0, form.line_details.as_json())
                return redirect("cart")
            except CartFull as full:
                problem = str(full)
        return keep_and_redirect(request, "vouchers", problem=problem)
    kept = take_kept_form(request)
    form = VoucherForm(kept.data if kept else None)
    if kept and kept.problem:
        form.add_error(None, kept.problem)
    context = {"form": form, "until": sales.expiry_date(dates.local_today())}
    return render(request, "billing/vouchers.html", context)


@require_safe
@never_cache
def show_voucher_by_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        key = links.read_token(PURPOSE, token, KEY_AGE)
    except links.LinkInvalid:
        raise Http404 from None
    voucher = Voucher.objects.select_related("line__order").filter(pk=key.pk).first()
    if voucher is None or not links.nonce_matches(key.nonce, voucher.nonce):
        raise Http404
    problem = eligibility.voucher_refusal(voucher, voucher.currency, timezone.now())
    context = {"voucher": voucher, "problem": problem, "shows_balance": voucher.used and not problem}
    return render(request, "billing/voucher.html", context)
