"""Pages for setting up, entering and removing the second factor."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from common.error_pages import too_many_requests
from common.middleware import never_compress
from common.permissions import account_form, account_page
from common.throttle import address_block, rate_limited
from users.domain import code_attempts, second_factor
from users.forms.account import PasswordConfirmationForm
from users.forms.second_factor import SecondFactorForm
from users.requests import AccountRequest

WRONG_CODE = gettext_lazy("That code isn’t right. It changes every 30 seconds; please try the next one.")
WAIT_AND_RETRY = gettext_lazy("Please wait a moment after a wrong code, then try again.")


def require_second_factor_access(request: AccountRequest) -> None:
    if not second_factor.can_use_second_factor(request.user):
        raise Http404


def device_required(view: Callable[[AccountRequest], HttpResponse]) -> Callable[[AccountRequest], HttpResponse]:
    # Without a device, people are sent to the overview, which explains how to set one up.
    @wraps(view)
    def guarded(request: AccountRequest) -> HttpResponse:
        require_second_factor_access(request)
        if second_factor.device_of(request.user) is None:
            return redirect("second_factor")
        return view(request)

    return guarded


def next_page_url(request: AccountRequest) -> str:
    """Return the page where the person was going, if it belongs to this site."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    is_safe = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    return path if is_safe else settings.LOGIN_REDIRECT_URL


@never_cache
@account_page
def overview(request: AccountRequest) -> HttpResponse:
    require_second_factor_access(request)
    context = {
        "device": second_factor.device_of(request.user),
        "codes_left": request.user.recovery_codes.count(),
        "required": settings.STAFF_2FA == "required",
    }
    return render(request, "users/second_factor/overview.html", context)


@never_compress
@never_cache
@account_form
@rate_limited("second_factor", by_account_here="60/h")
def set_up(request: AccountRequest) -> HttpResponse:
    require_second_factor_access(request)
    if second_factor.device_of(request.user):
        return redirect("second_factor")
    device = second_factor.start_device_setup(request.user)
    form = SecondFactorForm(request.POST or None, initial={"next": next_page_url(request)})
    if form.is_valid():
        client_network = address_block(request)
        had_to_wait = code_attempts.has_to_wait(request.user, client_network)
        codes = second_factor.confirm_device_setup(request.user, form.cleaned_data["code"], client_network)
        if codes is not None:
            otp_login(request, second_factor.device_of(request.user))
            return render_codes_once(request, codes)
        form.add_error("code", WAIT_AND_RETRY if had_to_wait else WRONG_CODE)
    context = {"form": form, "qr": qr_code_svg(device), "secret": grouped_secret(device)}
    return render(request, "users/second_factor/set_up.html", context)


@never_cache
@account_form
@rate_limited("second_factor", by_account_here="60/h")
@device_required
def verify(request: AccountRequest) -> HttpResponse:
    form = SecondFactorForm(request.POST or None, initial={"next": next_page_url(request)})
    if form.is_valid():
        client_network = address_block(request)
        if code_attempts.is_locked_out(request.user, client_network):
            return too_many_requests(request, timedelta(hours=1))
        had_to_wait = code_attempts.has_to_wait(request.user, client_network)
        device = second_factor.verify_code(request.user, form.cleaned_data["code"], client_network)
        if device:
            otp_login(request, device)
            return redirect(next_page_url(request))
        form.add_error("code", WAIT_AND_RETRY if had_to_wait else WRONG_CODE)
    return render(request, "users/second_factor/verify.html", {"form": form})


@never_compress
@never_cache
@account_form
@rate_limited("password", by_account="10/h")
@device_required
def new_codes(request: AccountRequest) -> HttpResponse:
    form = PasswordConfirmationForm(request.user, request.POST or None)
    if form.is_valid():
        return render_codes_once(request, second_factor.replace_recovery_codes(request.user))
    return render(request, "users/second_factor/new_codes.html", {"form": form})


@never_cache
@account_form
@rate_limited("password", by_account="10/h")
@device_required
def remove(request: AccountRequest) -> HttpResponse:
    form = PasswordConfirmationForm(request.user, request.POST or None)
    if form.is_valid():
        second_factor.remove_second_factor(request.user, request.user)
        messages.success(request, _("Two-step verification is off. Your password alone logs you in."))
        return redirect("profile_page")
    return render(request, "users/second_factor/remove.html", {"form": form})


def render_codes_once(request: AccountRequest, codes: list[str]) -> HttpResponse:
    # The codes are in this response itself, so that no URL leads to them a second time.
    return render(request, "users/second_factor/codes.html", {"codes": codes, "next": next_page_url(request)})


def qr_code_svg(device: TOTPDevice) -> str:
    # The code is dark on light in dark mode as well, because cameras need that.
    drawing = segno.make(device.config_url, error="m", micro=False)
    return mark_safe(drawing.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr"))


def grouped_secret(device: TOTPDevice) -> str:
    text = second_factor.secret_of(device)
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
