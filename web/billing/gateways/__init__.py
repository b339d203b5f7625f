"""Ways to pay. Each is a provider of django-payments, one folder each, switched on by being in PAYMENT_VARIANTS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from payments import PaymentStatus
from payments.core import BasicProvider, provider_factory

from billing.models import Payment, Refund


@dataclass(frozen=True)
class Answer:
    """What a gateway says to a refund: `state` is one of Refund.State."""

    state: str
    reference: str = ""
    message: str = ""


class Gateway(BasicProvider):
    """The provider interface with what hepcat adds to it. No method may be called inside a transaction."""

    label = ""
    by_hand = False
    """Money that a person takes and gives back; never offered online."""

    def get_form(self, payment: Payment, data: Mapping[str, Any] | None = None) -> Form:
        """The form to show, or RedirectNeeded."""
        raise NotImplementedError

    def process_data(self, payment: Payment, request: HttpRequest) -> HttpResponse:
        """The payer comes back. Find out by asking the gateway, never from the address; then send them on."""
        return self.onward(payment)

    def hear(self, request: HttpRequest) -> HttpResponse:
        """A webhook."""
        raise NotImplementedError

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> Answer:
        """Give back; the same key twice is one refund."""
        raise NotImplementedError

    def onward(self, payment: Payment) -> HttpResponseRedirect:
        good = payment.status in (PaymentStatus.CONFIRMED, PaymentStatus.PREAUTH, PaymentStatus.REFUNDED)
        return HttpResponseRedirect(payment.get_success_url() if good else payment.get_failure_url())


class UnknownGateway(LookupError):
    """No way to pay of this name is switched on."""


def get(variant: str) -> Gateway:
    try:
        gateway: Gateway = provider_factory(variant)
    except ValueError:
        raise UnknownGateway(variant) from None
    return gateway


def of(payment: Payment) -> Gateway:
    return get(payment.variant)


def offered() -> list[tuple[str, str]]:
    """What a payer may choose online: names and labels."""
    return [(name, gateway.label) for name, gateway in _all() if not gateway.by_hand]


def at_the_desk() -> list[tuple[str, str]]:
    return [(name, gateway.label) for name, gateway in _all() if gateway.by_hand]


def _all() -> Iterator[tuple[str, Gateway]]:
    for name in settings.PAYMENT_VARIANTS:
        yield name, get(name)


__all__ = ["Answer", "Gateway", "Refund", "UnknownGateway", "at_the_desk", "get", "of", "offered"]
