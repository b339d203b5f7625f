"""Refunds at Stripe. Stripe makes one refund per key and replays its first answer to that key for a day."""

from decimal import Decimal

from django.utils import timezone
from stripe import StripeClient

from billing.gateways.facts import RefundAnswer
from billing.gateways.stripe.amounts import to_stripe_units
from billing.gateways.stripe.client import StripeDeclined, translate_stripe_errors
from billing.gateways.stripe.stripe_objects import Wire, refund_state
from billing.models import Payment, Refund
from common.errors import NeedsPerson

NO_MONEY = ("balance_insufficient", "insufficient_funds")
DISPUTED = "The payer disputed this payment, so Stripe refuses other refunds of it."


def create_refund(client: StripeClient, payment: Payment, amount: Decimal, key: str) -> RefundAnswer:
    try:
        return _refund_answer(_request_refund(client, payment, amount, key, key))
    except StripeDeclined as declined:
        if declined.code in NO_MONEY and declined.again:
            return _retry_refund(client, payment, amount, key)
        return _explain_refusal(client, payment, amount, declined)


def _retry_refund(client: StripeClient, payment: Payment, amount: Decimal, key: str) -> RefundAnswer:
    # Under the same key Stripe repeats for a day that the balance is too low. A new key could make a second refund, so
    # first we look for an earlier one by our key in its metadata.
    with translate_stripe_errors():
        refund_list = client.v1.refunds.list({"payment_intent": payment.transaction_id, "limit": 100})
        refunds = [refund.to_dict() for refund in refund_list.auto_paging_iter()]
    earlier = next((refund for refund in refunds if (refund.get("metadata") or {}).get("refund") == key), None)
    if earlier:
        return _refund_answer(earlier)
    try:
        return _refund_answer(_request_refund(client, payment, amount, key, f"{key}-{timezone.now():%Y%m%d%H}"))
    except StripeDeclined as declined:
        return _explain_refusal(client, payment, amount, declined)


def _request_refund(client: StripeClient, payment: Payment, amount: Decimal, key: str, idempotency_key: str) -> Wire:
    with translate_stripe_errors():
        refund = client.v1.refunds.create(
            {
                "payment_intent": payment.transaction_id,
                "amount": to_stripe_units(amount, payment.currency),
                "metadata": {"token": payment.token, "refund": key},
            },
            {"idempotency_key": idempotency_key},
        )
    return refund.to_dict()


def _refund_answer(refund: Wire) -> RefundAnswer:
    return RefundAnswer(refund_state(refund), refund["id"], (refund.get("failure_reason") or "").replace("_", " "))


def _explain_refusal(client: StripeClient, payment: Payment, amount: Decimal, declined: StripeDeclined) -> RefundAnswer:
    if declined.code in NO_MONEY:
        raise NeedsPerson("The school's balance at Stripe does not cover this refund. Top it up, then try again.")
    # Stripe has no code for a refund of more than the rest of the charge, so we fetch the charge and compare.
    with translate_stripe_errors():
        intent = client.v1.payment_intents.retrieve(payment.transaction_id, {"expand": ["latest_charge"]}).to_dict()
    charge = intent["latest_charge"] or {"amount": 0, "amount_refunded": 0}
    refundable = charge["amount"] - charge["amount_refunded"]
    already = charge["amount_refunded"] > 0 and to_stripe_units(amount, payment.currency) > refundable
    message = DISPUTED if declined.code == "charge_disputed" else str(declined)
    return RefundAnswer(Refund.State.FAILED, message=message, already=already)
