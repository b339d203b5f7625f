"""Ways to pay. Each is a provider of django-payments, one folder each, switched on by being in PAYMENT_VARIANTS.

What can go wrong is said in three ways (common.errors): Temporary, nothing is known, the same key again is right;
Permanent, this attempt is over; NeedsPerson, the school has to mend something first. Their sentences are shown.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpResponseRedirect
from payments import PaymentStatus, RedirectNeeded
from payments.core import BasicProvider, provider_factory

from billing.gateways.facts import Answer, Begun, Expired, Fact, Heard, Movement
from billing.models import Payment, Refund
from billing.models.payments import OPEN
from common.network import place_to_wait, refuse_inside_transaction


class BadSignature(Exception):
    """A message that does not come from the gateway, or not as it was sent."""


class UnknownGateway(LookupError):
    """No way to pay of this name is switched on."""


class Gateway(BasicProvider):
    """The provider interface with what hepcat adds to it. No method may be called inside a transaction."""

    label = ""
    """What a payer chooses."""
    by_hand = False
    """Money that a person takes and gives back; never offered online."""
    picked_up = False
    """What goes back is fetched by the payer."""
    inside = False
    """Money that we hold already: it moves within our own transaction, by billing.domain.vouchers."""
    hosts: tuple[str, ...] = ()
    """Where its own pages are (`https://checkout.stripe.com`): our pages must be allowed to send people there."""

    def works_in(self, currency: str) -> bool:
        """What cannot be paid this way is not offered this way."""
        return True

    def method_of(self, payment: Payment) -> str:
        """How this payment was made, within a sentence."""
        return self.label

    def get_form(self, payment: Payment, data: Mapping[str, Any] | None = None) -> Form:
        """The form to show, or RedirectNeeded."""
        raise NotImplementedError

    def poll_payment(self, payment: Payment) -> list[Fact]:
        """What is so now about this attempt, its refunds and disputes: asked of the gateway, twice is as good as once.

        What is left to do for the money to come (PayPal: capturing what the payer approved) is done here.
        """
        return []

    def close(self, payment: Payment) -> list[Fact]:
        """Nobody is to pay by this attempt any more: what is so after the gateway was told. Twice is as good as once.

        Enough as it is where money comes only when we fetch it, which is done for open attempts and no others.
        """
        return [Expired()]

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Heard:
        """A message, verified by its raw bytes. May talk to the gateway; writes nothing. Raises BadSignature."""
        raise BadSignature

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> Answer:
        """Give back; the same key twice is one refund."""
        raise NotImplementedError

    def statement_lines(self, since: datetime, until: datetime) -> Iterator[Movement]:
        """Their books, page by page, oldest or newest first; `until` is not included."""
        return iter(())

    def redirect_after_payment(self, payment: Payment) -> HttpResponseRedirect:
        good = payment.status in (PaymentStatus.CONFIRMED, PaymentStatus.PREAUTH, PaymentStatus.REFUNDED)
        return HttpResponseRedirect(payment.get_success_url() if good else payment.get_failure_url())


class Hosted(Gateway):
    """A gateway with pages of its own: the payer is sent there and comes back to `process_payment`."""

    def create_session(self, payment: Payment, key: str) -> Begun:
        """Open their checkout; the same key again is the same one. Raises Temporary, Permanent or NeedsPerson."""
        raise NotImplementedError

    def method_of(self, payment: Payment) -> str:
        """How this payment was made, within a sentence."""
        return self.label

    def get_form(self, payment: Payment, data: Mapping[str, Any] | None = None) -> Form:
        """A fault of the network leaves no trace: the next click begins again under the same key."""
        if payment.status in OPEN and not payment.session:
            refuse_inside_transaction()
            with place_to_wait():
                session = self.create_session(payment, payment.key)
            payment.keep_session(session)
        if payment.status not in OPEN:
            raise RedirectNeeded(self.redirect_after_payment(payment).url)
        raise RedirectNeeded(payment.session_url)


def get(variant: str) -> Gateway:
    try:
        gateway: Gateway = provider_factory(variant)
    except ValueError:
        raise UnknownGateway(variant) from None
    return gateway


def of(payment: Payment) -> Gateway:
    return get(payment.variant)


def label_of(payment: Payment) -> str:
    return method_label(payment.variant)


def method_label(variant: str) -> str:
    """The gateway's name for people; one that is switched off keeps its own."""
    try:
        return get(variant).label
    except UnknownGateway:
        return variant.title()


def method_of(payment: Payment) -> str:
    """How it was paid, as receipts and refunds say it: not all that the payer could choose."""
    try:
        return of(payment).method_of(payment)
    except UnknownGateway:
        return payment.variant.title()


def holds(payment: Payment) -> bool:
    """Whether its money is in our own books; what is switched off meanwhile is not asked."""
    try:
        return of(payment).inside
    except UnknownGateway:
        return False


def offered() -> list[tuple[str, str]]:
    """What a payer may choose online: names and labels."""
    return [
        (name, gateway.label)
        for name, gateway in _all()
        if not (gateway.by_hand or gateway.inside) and gateway.works_in(settings.CURRENCY)
    ]


def at_the_desk() -> list[tuple[str, str]]:
    return [(name, gateway.label) for name, gateway in _all() if gateway.by_hand]


def hosts() -> list[str]:
    """Where forms on our pages may lead to."""
    return sorted({host for _, gateway in _all() for host in gateway.hosts})


def _all() -> Iterator[tuple[str, Gateway]]:
    for name in settings.PAYMENT_VARIANTS:
        yield name, get(name)


__all__ = [
    "Answer",
    "BadSignature",
    "Gateway",
    "Hosted",
    "Refund",
    "UnknownGateway",
    "at_the_desk",
    "get",
    "holds",
    "hosts",
    "label_of",
    "method_label",
    "method_of",
    "of",
    "offered",
]
