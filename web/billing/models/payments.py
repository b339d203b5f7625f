"""Payments and refunds. A Payment is one attempt to pay, based on the model of django-payments.

The library changes the status anywhere. Here a status changes only along TRANSITIONS, while the order and the payment
are locked, and a full save of an outdated copy never overwrites what the gateway reported.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from payments import PaymentStatus, PurchasedItem
from payments.models import BasePayment
from payments.signals import status_changed

from billing.models.fields import money_field
from billing.models.orders import Order
from common import links

TRANSITIONS: dict[str, set[str]] = {
    PaymentStatus.WAITING: {"input", "preauth", "confirmed", "rejected", "error", "cancelled"},
    PaymentStatus.INPUT: {"waiting", "preauth", "confirmed", "rejected", "error", "cancelled"},
    PaymentStatus.PREAUTH: {"confirmed", "rejected", "error", "cancelled", "refunded"},
    # A captured payment overrides an earlier failure.
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
    "next_poll_at",
    "submitted_at",
    "fee",
    "transaction_id",
    "capturing_until",
}
STATUS_FIELDS = ("status", "message", "captured_amount", "captured_at", "submitted_at", "next_poll_at", "modified")
GUARDED = {"status", "message", "captured_amount", "captured_at", "refunded_amount"} | SESSION
FIRST_POLL_AFTER = timedelta(minutes=20)
CAPTURE_DURATION = timedelta(minutes=2)
"""This is longer than the timeout of a request to a gateway."""


class GatewaySessionLike(Protocol):
    """The checkout session of billing.gateways.facts, which models may not import."""

    @property
    def session(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def until(self) -> datetime | None: ...


class Payment(BasePayment):
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    total = money_field(editable=False)
    delivery = money_field(editable=False)
    tax = money_field(editable=False)
    captured_amount = money_field(editable=False)
    refunded_amount = money_field(editable=False, help_text=_("Refunded, or being refunded."))
    token = models.CharField(max_length=36, unique=True, editable=False)
    session = models.CharField(
        max_length=255, blank=True, editable=False, help_text=_("The gateway's ID of the checkout session.")
    )
    session_url = models.TextField(blank=True, editable=False)
    session_until = models.DateTimeField(null=True, blank=True, editable=False)
    fee = money_field(null=True, blank=True, default=None, editable=False)
    submitted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When the payer was done but the bank was still processing.")
    )
    next_poll_at = models.DateTimeField(
        null=True, blank=True, editable=False, db_index=True, help_text=_("When we ask the gateway for its state.")
    )
    capturing_until = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("Until then, an approved payment may be in the middle of its capture."),
    )
    captured_at = models.DateTimeField(null=True, blank=True, editable=False)
    received_on = models.DateField(null=True, blank=True, help_text=_("When the desk received the money."))
    received_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When it counts as received, for the price.")
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
        # A full save leaves out the fields that only guarded updates may write.
        if self.pk is not None and kwargs.get("update_fields") is None and not kwargs.get("force_insert"):
            kwargs["update_fields"] = {field.name for field in self._meta.concrete_fields} - GUARDED - {"id"}
        super().save(**kwargs)

    def change_status(self, status: str, message: str = "", *, only_open: bool = False) -> None:
        """Change the status if TRANSITIONS allows it, and send the signal once, inside the transaction.

        The receivers get `order` locked. This is the interface that django-payments has for gateways. Our own code
        holds the locks already, and uses billing.domain.payments.attempts. With `only_open` a payment that has ended
        stays unchanged, for news that does not prove a capture.
        """
        with transaction.atomic():
            self.order = Order.objects.select_for_update().get(pk=self.order_id)
            row = Payment.objects.select_for_update().get(pk=self.pk)
            is_changed = (row.status in OPEN or not only_open) and row.store_status(status, message)
            for name in STATUS_FIELDS:
                setattr(self, name, getattr(row, name))
            if is_changed:
                status_changed.send(sender=Payment, instance=self)

    def store_status(self, status: str, message: str = "", **more: Any) -> bool:
        """The caller has locked the order and this payment. Return False if TRANSITIONS does not allow the change."""
        if status not in TRANSITIONS[self.status]:
            return False
        changes: dict[str, Any] = {"status": status, "message": message, "modified": timezone.now()} | more
        if status == PaymentStatus.CONFIRMED:
            changes |= {"captured_amount": self.total, "captured_at": timezone.now()}
        elif status == PaymentStatus.PREAUTH:
            changes |= {"submitted_at": timezone.now()}
        if status not in OPEN:
            changes |= {"next_poll_at": None}
        Payment.objects.filter(pk=self.pk).update(**changes)
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    @property
    def key(self) -> str:
        """Return the idempotency key for creating the session of this attempt."""
        return f"{self.token}-begin"

    def keep_session(self, session: GatewaySessionLike) -> None:
        """Store the session, if no other process did. With the same key all processes received the same one."""
        now, hold_end = timezone.now(), self.order.held_until
        next_poll_at = now + FIRST_POLL_AFTER
        if hold_end:  # Poll before the hold ends, so that nobody loses a spot because a webhook was lost.
            next_poll_at = max(min(next_poll_at, hold_end - timedelta(minutes=2)), now + timedelta(minutes=1))
        Payment.objects.filter(pk=self.pk, session="", status__in=OPEN).update(
            session=session.session,
            session_url=session.url,
            session_until=session.until,
            next_poll_at=next_poll_at,
            message="",
            modified=timezone.now(),
        )
        self.refresh_from_db()

    def begin_capture(self) -> bool:
        """Reserve the capture of the approved money, and return False if the attempt was canceled before.

        The reservation is stored before the gateway is called, so that nobody cancels the attempt during the capture.
        """
        open_payment = Payment.objects.filter(pk=self.pk, status__in=OPEN)
        return bool(open_payment.update(capturing_until=timezone.now() + CAPTURE_DURATION))

    @property
    def is_undecided(self) -> bool:
        return self.status in (PaymentStatus.WAITING, PaymentStatus.INPUT)

    @property
    def is_on_its_way(self) -> bool:
        return self.status == PaymentStatus.PREAUTH

    @property
    def refundable_amount(self) -> Decimal:
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
    """A refund is reserved before the gateway is called and settled by its answer. Its token is the idempotency key."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("to be sent")
        SENT = "sent", _("on its way")
        DONE = "done", _("refunded")
        FAILED = "failed", _("failed")

    class Origin(models.TextChoices):
        OURS = "ours", _("by the school")
        THEIRS = "theirs", _("in the gateway's dashboard")
        DISPUTE = "dispute", _("lost in a dispute")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.OURS, editable=False)
    price_reduction = money_field(editable=False, help_text=_("By how much the cost of the order went down with it."))
    amount = money_field()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RESERVED, editable=False)
    idempotency_key = models.CharField(max_length=32, default=links.new_nonce, unique=True, editable=False)
    transaction_id = models.CharField(max_length=255, blank=True, editable=False)
    note = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_refund_positive"),
            models.UniqueConstraint(
                fields=["payment", "transaction_id"],
                condition=~Q(transaction_id=""),
                name="billing_refund_transaction_once",
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"
