"""Pages for setting up, entering and removing the second factor."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice

from common.error_pages import too_many
from common.middleware import never_compress
from common.throttle import network, throttled
from users.domain import code_attempts, second_factor
from users.forms.account import PasswordAsked
from users.forms.second_factor import CodeForm
from users.requests import MemberRequest

PAGE_WITH_FORM = ["GET", "HEAD", "POST"]
WRONG_CODE = "That code isn’t right. It changes every 30 seconds; please try the next one."
WAIT_AND_RETRY = "Please wait a moment after a wrong code, then try again."


def only_concerned(request: MemberRequest) -> None:
    if not second_factor.concerns(request.user):
        raise Http404


def with_device(view: Callable[[MemberRequest], HttpResponse]) -> Callable[[MemberRequest], HttpResponse]:
    """Without a device, people are sent to the overview, which explains how to set one up."""

    @wraps(view)
    def guarded(request: MemberRequest) -> HttpResponse:
        only_concerned(request)
        if second_factor.device_of(request.user) is None:
            return redirect("second_factor")
        return view(request)

    return guarded


def target(request: MemberRequest) -> str:
    """Return the page where the person was going, if it belongs to this site."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    is_safe = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    return path if is_safe else settings.LOGIN_REDIRECT_URL


@never_cache
@login_required
@require_safe
def overview(request: MemberRequest) -> HttpResponse:
    only_concerned(request)
    context = {
        "device": second_factor.device_of(request.user),
        "codes_left": request.user.recovery_codes.count(),
        "required": settings.STAFF_2FA == "required",
    }
    return render(request, "users/second_factor/overview.html", context)


@never_compress
@never_cache
@login_required
@require_http_methods(PAGE_WITH_FORM)
@throttled("second_factor", by_account_here="60/h")
def set_up(request: MemberRequest) -> HttpResponse:
    only_concerned(request)
    if second_factor.device_of(request.user):
        return redirect("second_factor")
    device = second_factor.begin(request.user)
    form = CodeForm(request.POST or None, initial={"next": target(request)})
    if form.is_valid():
        client_network = network(request)
        had_to_wait = code_attempts.has_to_wait(request.user, client_network)
        codes = second_factor.confirm(request.user, form.cleaned_data["code"], client_network)
        if codes is not None:
            otp_login(request, second_factor.device_of(request.user))
            return shown_once(request, codes)
        form.add_error("code", WAIT_AND_RETRY if had_to_wait else WRONG_CODE)
    context = {"form": form, "qr": picture(device), "secret": secret(device)}
    return render(request, "users/second_factor/set_up.html", context)


@never_cache
@login_required
@require_http_methods(PAGE_WITH_FORM)
@throttled("second_factor", by_account_here="60/h")
@with_device
def verify(request: MemberRequest) -> HttpResponse:
    form = CodeForm(request.POST or None, initial={"next": target(request)})
    if form.is_valid():
        client_network = network(request)
        if code_attempts.is_stopped(request.user, client_network):
            return too_many(request, timedelta(hours=1))
        had_to_wait = code_attempts.has_to_wait(request.user, client_network)
        device = second_factor.verify(request.user, form.cleaned_data["code"], client_network)
        if device:
            otp_login(request, device)
            return redirect(target(request))
        form.add_error("code", WAIT_AND_RETRY if had_to_wait else WRONG_CODE)
    return render(request, "users/second_factor/verify.html", {"form": form})


@never_compress
@never_cache
@login_required
@require_http_methods(PAGE_WITH_FORM)
@throttled("password", by_account="10/h")
@with_device
def new_codes(request: MemberRequest) -> HttpResponse:
    form = PasswordAsked(request.user, request.POST or None)
    if form.is_valid():
        return shown_once(request, second_factor.new_codes(request.user))
    return render(request, "users/second_factor/new_codes.html", {"form": form})


@never_cache
@login_required
@require_http_methods(PAGE_WITH_FORM)
@throttled("password", by_account="10/h")
@with_device
def remove(request: MemberRequest) -> HttpResponse:
    form = PasswordAsked(request.user, request.POST or None)
    if form.is_valid():
        second_factor.remove(request.user, request.user)
        messages.success(request, "Two-step verification is off. Your password alone logs you in.")
        return redirect("profile_page")
    return render(request, "users/second_factor/remove.html", {"form": form})


def shown_once(request: MemberRequest, codes: list[str]) -> HttpResponse:
    """The codes are in this response itself, so that no URL leads to them a second time."""
    return render(request, "users/second_factor/codes.html", {"codes": codes, "next": target(request)})


def picture(device: TOTPDevice) -> str:
    """The code is dark on light in dark mode as well, because cameras need that."""
    drawing = segno.make(device.config_url, error="m", micro=False)
    return mark_safe(drawing.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr"))


def secret(device: TOTPDevice) -> str:
    text = second_factor.secret_of(device)
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
