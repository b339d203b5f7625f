"""Each attempt to pay is a Payment; what goes back is a Refund. django-payments' model, made safe for money.

The library writes a status wherever it likes; here a status changes only along TRANSITIONS, under the lock of the
order and of the row, and a full save of a stale copy never touches what the gateway told us.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from payments import PaymentStatus, PurchasedItem
from payments.models import BasePayment
from payments.signals import status_changed

from billing.models.fields import amount
from billing.models.orders import Order
from common import links

TRANSITIONS: dict[str, set[str]] = {
    PaymentStatus.WAITING: {"input", "preauth", "confirmed", "rejected", "error", "cancelled"},
    PaymentStatus.INPUT: {"waiting", "preauth", "confirmed", "rejected", "error", "cancelled"},
    PaymentStatus.PREAUTH: {"confirmed", "rejected", "error", "cancelled", "refunded"},
    # Money that moved wins over what was said before it did.
    PaymentStatus.REJECTED: {"confirmed"},
    PaymentStatus.ERROR: {"confirmed"},
    PaymentStatus.CANCELLED: {"confirmed"},
    PaymentStatus.CONFIRMED: {"refunded"},
    PaymentStatus.REFUNDED: set(),
}
OPEN = (PaymentStatus.WAITING, PaymentStatus.INPUT, PaymentStatus.PREAUTH)
SESSION = {
    "session",
    "session_url",
    "session_until",
    "ask_at",
    "promised_at",
    "fee",
    "transaction_id",
    "capturing_until",
}
GUARDED = {"status", "message", "captured_amount", "captured_at", "refunded_amount"} | SESSION
FIRST_LOOK = timedelta(minutes=20)
CAPTURING = timedelta(minutes=2)
"""Longer than a gateway is waited for."""


class Begun(Protocol):
    """An attempt at a gateway, as billing.gateways.facts says it."""

    @property
    def session(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def until(self) -> datetime | None: ...


class Payment(BasePayment):
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    total = amount(editable=False)
    delivery = amount(editable=False)
    tax = amount(editable=False)
    captured_amount = amount(editable=False)
    refunded_amount = amount(editable=False, help_text="Refunded, or being refunded.")
    token = models.CharField(max_length=36, unique=True, editable=False)
    session = models.CharField(max_length=255, blank=True, editable=False, help_text="The gateway's name for it.")
    session_url = models.TextField(blank=True, editable=False)
    session_until = models.DateTimeField(null=True, blank=True, editable=False)
    fee = amount(null=True, blank=True, default=None, editable=False)
    promised_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the payer had done everything and the bank had not."
    )
    ask_at = models.DateTimeField(
        null=True, blank=True, editable=False, db_index=True, help_text="When to ask the gateway by ourselves."
    )
    capturing_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then, approved money may be in the middle of a capture."
    )
    captured_at = models.DateTimeField(null=True, blank=True, editable=False)
    received_on = models.DateField(null=True, blank=True, help_text="When the desk had the money in hand.")
    received_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The moment from which it counts, for the price."
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects: ClassVar[models.Manager["Payment"]] = models.Manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["variant", "transaction_id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(captured_amount__gte=0, captured_amount__lte=F("total")), name="billing_payment_captured"
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("captured_amount")),
                name="billing_payment_refunded",
            ),
            models.UniqueConstraint(
                fields=["variant", "session"], condition=~Q(session=""), name="billing_payment_session_once"
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"

    def save(self, **kwargs: Any) -> None:
        """A full save leaves out what only guarded updates may write."""
        if self.pk is not None and kwargs.get("update_fields") is None and not kwargs.get("force_insert"):
            kwargs["update_fields"] = {field.name for field in self._meta.concrete_fields} - GUARDED - {"id"}
        super().save(**kwargs)

    def change_status(self, status: str, message: str = "", *, only_open: bool = False) -> None:
        """Guarded: same status or a forbidden change does nothing, and the signal comes once, in the transaction.

        `only_open` is for news that is no money moved elsewhere: what is over stays so.
        """
        with transaction.atomic():
            Order.objects.select_for_update().get(pk=self.order_id)
            row = Payment.objects.select_for_update().get(pk=self.pk)
            if status in TRANSITIONS[row.status] and (row.status in OPEN or not only_open):
                self._write(row, status, message)
            self.refresh_from_db(
                fields=["status", "message", "captured_amount", "captured_at", "promised_at", "ask_at", "modified"]
            )
            if row.status != self.status:
                status_changed.send(sender=Payment, instance=self)

    def _write(self, row: "Payment", status: str, message: str) -> None:
        changes: dict[str, Any] = {"status": status, "message": message, "modified": timezone.now()}
        if status == PaymentStatus.CONFIRMED:
            changes |= {"captured_amount": row.total, "captured_at": timezone.now()}
        elif status == PaymentStatus.PREAUTH:
            changes |= {"promised_at": timezone.now()}
        if status not in OPEN:
            changes |= {"ask_at": None}
        Payment.objects.filter(pk=self.pk).update(**changes)

    @property
    def key(self) -> str:
        """The idempotency key of beginning: an attempt is a row, so a new attempt has a new key."""
        return f"{self.token}-begin"

    def keep_session(self, begun: Begun) -> None:
        """The first to come back from the gateway writes it down; under one key all bring the same."""
        Payment.objects.filter(pk=self.pk, session="", status__in=OPEN).update(
            session=begun.session,
            session_url=begun.url,
            session_until=begun.until,
            ask_at=self._first_look(timezone.now()),
            message="",
            modified=timezone.now(),
        )
        self.refresh_from_db()

    def begin_capture(self) -> bool:
        """Whether the money that the payer has approved may be fetched now.

        Written down before the gateway is asked, so that nobody cancels the attempt in the middle of it; and whoever
        cancels it first keeps us from asking.
        """
        waiting = Payment.objects.filter(pk=self.pk, status__in=OPEN)
        return bool(waiting.update(capturing_until=timezone.now() + CAPTURING))

    def _first_look(self, now: datetime) -> datetime:
        """Before the hold ends, so that nobody loses a place because a message got lost."""
        held = self.order.held_until
        soon = now + timedelta(minutes=1)
        return max(min(now + FIRST_LOOK, held - 2 * (soon - now)), soon) if held else now + FIRST_LOOK

    @property
    def is_undecided(self) -> bool:
        return self.status in (PaymentStatus.WAITING, PaymentStatus.INPUT)

    @property
    def is_on_its_way(self) -> bool:
        """The payer has done everything, and a bank takes its time."""
        return self.status == PaymentStatus.PREAUTH

    @property
    def refundable_amount(self) -> Decimal:
        """What of this payment can still go back."""
        return self.captured_amount - self.refunded_amount

    def get_purchased_items(self) -> Iterable[PurchasedItem]:
        yield PurchasedItem(
            name=f"{settings.BUSINESS_NAME}: order {self.order.number}",
            quantity=1,
            price=self.total,
            currency=self.currency,
            sku=self.order.number,
        )

    @property
    def canceled_address(self) -> str:
        """Where the gateway's own cancel link leads."""
        return f"{self.get_process_url()}?canceled=1"

    def get_success_url(self) -> str:
        return self.order.address("payment_success")

    def get_failure_url(self) -> str:
        return self.order.address("payment_fail")

    def refund(self, amount: Decimal | None = None) -> None:
        raise TypeError("Use billing.domain.refunds, which reserves the refund first.")

    def capture(self, amount: Decimal | None = None) -> None:
        raise TypeError("Nothing is captured through the model; the gateways do it outside of transactions.")


class Refund(models.Model):
    """Reserved before the gateway is asked, settled by its answer; the row's token is the idempotency key."""

    class State(models.TextChoices):
        RESERVED = "reserved", "to be sent"
        SENT = "sent", "on its way"
        DONE = "done", "refunded"
        FAILED = "failed", "failed"

    class Origin(models.TextChoices):
        OURS = "ours", "by the school"
        THEIRS = "theirs", "in the gateway's dashboard"
        DISPUTE = "dispute", "lost in a dispute"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.OURS, editable=False)
    lowered = amount(editable=False, help_text="By how much what the order costs went down with it.")
    amount = amount()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RESERVED, editable=False)
    token = models.CharField(max_length=32, default=links.new_nonce, unique=True, editable=False)
    transaction_id = models.CharField(max_length=255, blank=True, editable=False)
    why = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_refund_is_more_than_nothing"),
            models.UniqueConstraint(
                fields=["payment", "transaction_id"], condition=~Q(transaction_id=""), name="billing_refund_told_once"
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"
