"""Payment gateways. Each is a django-payments provider in a package of its own, enabled by PAYMENT_VARIANTS.

Gateways raise three errors of common.errors, whose messages are shown to people. Temporary means that the result is
unknown and the same key may be sent again, Permanent that the attempt is over, and NeedsPerson that the school has to
fix something first.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpResponseRedirect
from payments import PaymentStatus, RedirectNeeded
from payments.core import BasicProvider, provider_factory

from billing.errors import WebhookRejected
from billing.gateways.facts import AttemptExpired, Fact, GatewayLine, GatewaySession, RefundAnswer, WebhookMessage
from billing.models import Payment, Refund
from billing.models.payments import OPEN
from common.network import gateway_slot, refuse_inside_transaction


class UnknownGateway(LookupError):
    """No gateway of this name is enabled."""


class Gateway(BasicProvider):
    """The django-payments provider interface with hepcat's additions. No method may be called inside a transaction."""

    label = ""
    """The payer chooses the payment method by this label."""
    by_hand = False
    """A person receives and refunds the money; such a gateway is never offered online."""
    picked_up = False
    """The payer picks up refunds in person."""
    inside = False
    """The money is in our own records already and moves within our transaction, by billing.domain.vouchers."""
    hosts: tuple[str, ...] = ()
    """These are the origins of its own pages (`https://checkout.stripe.com`), to which our pages may send people."""

    def works_in(self, currency: str) -> bool:
        return True

    def method_of(self, payment: Payment) -> str:
        """Return how the payment was made, to be used within a sentence."""
        return self.label

    def get_form(self, payment: Payment, data: Mapping[str, Any] | None = None) -> None:
        """Raise RedirectNeeded with the address at which the payer continues. No gateway has a form on our pages."""
        raise NotImplementedError

    def poll_payment(self, payment: Payment) -> list[Fact]:
        """Ask the gateway for the current state of the attempt, its refunds and disputes. Polling twice is harmless.

        A step that is still needed to receive the money, such as PayPal's capture, is done here.
        """
        return []

    def close(self, payment: Payment) -> list[Fact]:
        """Keep the payer from paying by this attempt, and return its final state. Closing twice is harmless.

        The default is enough for gateways where we capture the money, because we capture only for open attempts.
        """
        return [AttemptExpired()]

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookMessage:
        """Verify the raw body and parse it. This may call the gateway but writes nothing. Raise WebhookRejected."""
        raise WebhookRejected

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        """Refund the payment. Two calls with the same key make one refund."""
        raise NotImplementedError

    def statement_lines(self, since: datetime, until: datetime) -> Iterator[GatewayLine]:
        """Fetch the gateway's statement page by page, in either order. `until` is not included."""
        return iter(())

    def redirect_after_payment(self, payment: Payment) -> HttpResponseRedirect:
        succeeded = payment.status in (PaymentStatus.CONFIRMED, PaymentStatus.PREAUTH, PaymentStatus.REFUNDED)
        return HttpResponseRedirect(payment.get_success_url() if succeeded else payment.get_failure_url())


class HostedGateway(Gateway):
    """A gateway with pages of its own, from which the payer returns to the URL named `process_payment`."""

    def create_session(self, payment: Payment, key: str) -> GatewaySession:
        """Open the gateway's checkout. The same key opens the same one. Raise Temporary, Permanent or NeedsPerson."""
        raise NotImplementedError

    def method_of(self, payment: Payment) -> str:
        return self.label

    def get_form(self, payment: Payment, data: Mapping[str, Any] | None = None) -> None:
        # After a network error nothing is stored, so the next click starts again with the same key.
        if payment.status in OPEN and not payment.session:
            refuse_inside_transaction()
            with gateway_slot():
                session = self.create_session(payment, payment.key)
            payment.keep_session(session)
        if payment.status not in OPEN:
            raise RedirectNeeded(self.redirect_after_payment(payment).url)
        raise RedirectNeeded(payment.session_url)


def gateway_named(variant: str) -> Gateway:
    try:
        gateway: Gateway = provider_factory(variant)
    except ValueError:
        raise UnknownGateway(variant) from None
    return gateway


def gateway_of(payment: Payment) -> Gateway:
    return gateway_named(payment.variant)


def gateway_label(payment: Payment) -> str:
    return method_label(payment.variant)


def method_label(variant: str) -> str:
    try:
        return gateway_named(variant).label
    except UnknownGateway:  # The gateway has been disabled since.
        return variant.title()


def method_of(payment: Payment) -> str:
    try:
        return gateway_of(payment).method_of(payment)
    except UnknownGateway:
        return payment.variant.title()


def keeps_our_own_money(payment: Payment) -> bool:
    try:
        return gateway_of(payment).inside
    except UnknownGateway:
        return False


def online_methods() -> list[tuple[str, str]]:
    """Return the names and labels of the payment methods that a payer can choose online."""
    return [
        (name, gateway.label)
        for name, gateway in _enabled_gateways()
        if not (gateway.by_hand or gateway.inside) and gateway.works_in(settings.CURRENCY)
    ]


def desk_methods() -> list[tuple[str, str]]:
    return [(name, gateway.label) for name, gateway in _enabled_gateways() if gateway.by_hand]


def form_targets() -> list[str]:
    return sorted({host for _, gateway in _enabled_gateways() for host in gateway.hosts})


def _enabled_gateways() -> Iterator[tuple[str, Gateway]]:
    for name in settings.PAYMENT_VARIANTS:
        yield name, gateway_named(name)


__all__ = [
    "Gateway",
    "HostedGateway",
    "Refund",
    "RefundAnswer",
    "UnknownGateway",
    "desk_methods",
    "form_targets",
    "gateway_label",
    "gateway_named",
    "gateway_of",
    "keeps_our_own_money",
    "method_label",
    "method_of",
    "online_methods",
]
