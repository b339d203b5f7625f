"""Rate limits for views. A visitor over the limit gets a page that says when to try again.

    @rate_limited("contact", by_address="10/h", by_account="5/h")
    def contact(request): ...

`by_address` counts the requests from one network address. `by_account` counts the requests for one account. If nobody
is logged in, it counts the email address in `field` together with the network address, so that a stranger cannot lock
anyone out. `by_account_here` counts the requests for one account from one network address, against people who try
stolen passwords. The counts do not depend on whether an account exists. They are stored in a cache of their own under
hashed names.

Each request is counted before it is answered, so that parallel requests cannot pass the limit together. A limit on
guesses counts only failures: the view calls `uncount_request(request)` after a correct guess.
"""

import ipaddress
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.crypto import salted_hmac

from common import names
from common.cache import CounterCache
from common.error_pages import too_many_requests

View = Callable[..., HttpResponseBase]
PERIODS = {"m": 60, "h": 3600, "d": 86400}
COUNTED = "throttle_keys"  # This attribute of a request holds the keys it was counted under.


@dataclass(frozen=True)
class Rate:
    most: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        count, _, period = text.partition("/")
        return cls(int(count), PERIODS[period])


def rate_limited(
    scope: str,
    *,
    by_address: str = "",
    by_account: str = "",
    by_account_here: str = "",
    field: str = "email",
    methods: Sequence[str] = ("POST",),
) -> Callable[[View], View]:
    address, account, account_here = (
        Rate.parse(text) if text else None for text in (by_address, by_account, by_account_here)
    )

    def seconds_to_wait(request: HttpRequest) -> int:
        counts = []
        if address:
            counts.append((f"{scope} at {address_block(request)}", address))
        if account:
            counts.append((f"{scope} {account_key(request, field)}", account))
        if account_here:
            counts.append((f"{scope} {account_key(request, field)} at {address_block(request)}", account_here))
        now = time.time()
        setattr(request, COUNTED, [_period_and_key(name, rate, now)[1] for name, rate in counts])
        return max((count_attempt(name, rate, now) for name, rate in counts), default=0)

    def decorator(view: View) -> View:
        @wraps(view)
        def limited_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            seconds = seconds_to_wait(request) if request.method in methods else 0
            return too_many_requests(request, timedelta(seconds=seconds)) if seconds else view(request, *args, **kwargs)

        return limited_view

    return decorator


def uncount_request(request: HttpRequest) -> None:
    keys, counts = getattr(request, COUNTED, []), caches["throttles"]
    if isinstance(counts, CounterCache):
        counts.uncount(keys)
    else:
        for key in keys:
            with suppress(ValueError):  # The cache may have been cleared in the meantime.
                counts.incr(key, -1)
    setattr(request, COUNTED, [])


def count_attempt(name: str, rate: Rate, now: float | None = None) -> int:
    """Count one more attempt. If it is over the limit, return the seconds until the period ends, otherwise 0."""
    now = time.time() if now is None else now
    period, key = _period_and_key(name, rate, now)
    counts = caches["throttles"]
    try:
        if isinstance(counts, CounterCache):
            count = counts.count(key, rate.seconds)
        else:
            counts.add(key, 0, rate.seconds)
            count = counts.incr(key)
    except ValueError:
        return 0  # The cache was cleared in the meantime.
    return math.ceil((period + 1) * rate.seconds - now) if count > rate.most else 0


def is_rate_exceeded(name: str, rate: Rate) -> bool:
    _, key = _period_and_key(name, rate, time.time())
    return bool(caches["throttles"].get(key, 0) >= rate.most)


def _period_and_key(name: str, rate: Rate, now: float) -> tuple[int, str]:
    period = int(now // rate.seconds)
    return period, f"throttle-{salted_hmac('common.throttle', f'{name} {rate} {period}').hexdigest()}"


def account_key(request: HttpRequest, field: str) -> str:
    if request.user.is_authenticated:
        return f"account {request.user.pk}"
    return f"{names.email_key(request.POST.get(field, ''))} at {address_block(request)}"


def client_address(request: HttpRequest) -> str:
    """The IP address of the visitor.

    Each of the TRUSTED_PROXIES appends the address that it was called from to X-Forwarded-For. Visitors can forge
    everything before those entries.
    """
    last: str = request.META.get("REMOTE_ADDR", "")
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    chain = [*forwarded, last]
    address = chain[max(len(chain) - 1 - settings.TRUSTED_PROXIES, 0)] if settings.TRUSTED_PROXIES else last
    return address if is_address(address) else last


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_block(request: HttpRequest) -> str:
    """The address that is counted. For IPv6 it is the /64 network, because a household can use every address in it."""
    address = client_address(request)
    if ":" not in address or not is_address(address):
        return address
    ipv6 = ipaddress.IPv6Address(address.partition("%")[0])
    if ipv6.ipv4_mapped:
        return str(ipv6.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ipv6), 64), strict=False))


def locked_out(request: HttpRequest, original: HttpResponse, credentials: Any) -> HttpResponse:
    # Django-axes calls this when one address has guessed the password of one account too often.
    return too_many_requests(request, settings.AXES_COOLOFF_TIME)


def attempted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Django-axes counts attempts by this name, so that “Alice@…” and “alice@…” are one account."""
    data = credentials if credentials is not None else request.POST
    return names.email_key(str(data.get("username") or ""))
