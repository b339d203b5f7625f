"""Reconciliations that compare our records with the gateways' statements, and cash counts."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.fields import money_field
from billing.models.orders import Order, OrderLine
from billing.models.payments import Payment, Refund
from common import links
from common.formats import format_date


class Reconciliation(models.Model):
    """The days from `since` to `until`, both inclusive, compared up to the moment `cut`."""

    from_date = models.DateField(_("from"))
    to_date = models.DateField(_("to"))
    cutoff = models.DateTimeField(help_text=_("Gateways list payments late: anything newer is left to a later run."))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text=_("Empty for the nightly one."),
    )  # fmt: skip
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_date__gte=models.F("from_date")), name="accounting_reconciliation_ends_after_start"
            )
        ]
        permissions = [
            ("reconcile", "Can reconcile with the gateways"),
            ("export_ledger", "Can export bookkeeping data"),
        ]

    def __str__(self) -> str:
        return (
            format_date(self.from_date)
            if self.from_date == self.to_date
            else f"{format_date(self.from_date)} – {format_date(self.to_date)}"
        )


class GatewayStatement(models.Model):
    """A gateway's statement within a reconciliation. Without a name it compares our payments with the fulfillment."""

    class State(models.TextChoices):
        FETCHING = "fetching", _("Reading")
        MATCHING = "matching", _("Comparing")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(Reconciliation, on_delete=models.CASCADE, related_name="statements")
    variant = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.FETCHING)
    start = models.DateTimeField(help_text=_("Statement lines are fetched from here, a little before the first day."))
    end = models.DateTimeField()
    cursor = models.DateTimeField(help_text=_("Statement lines are fetched up to here."))
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "variant"], name="accounting_statement_once_per_run")]

    def __str__(self) -> str:
        return self.variant or "our own records"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)

    @property
    def has_failed(self) -> bool:
        return self.state == self.State.FAILED

    @property
    def tone(self) -> str:
        return {self.State.DONE: "good", self.State.FAILED: "bad"}.get(self.State(self.state), "")

    @property
    def percent(self) -> int:
        if self.state == self.State.DONE:
            return 100
        whole = (self.end - self.start).total_seconds()
        return min(int((self.cursor - self.start).total_seconds() / whole * 95), 95) if whole > 0 else 0


class FindingQuerySet(models.QuerySet["Finding"]):
    def off(self) -> "FindingQuerySet":
        """Return the findings that need a person's attention, both open and closed."""
        return self.exclude(verdict__in=Finding.FINE)

    def open(self) -> "FindingQuerySet":
        return self.off().filter(closed_at=None)


class Finding(models.Model):
    """A line of the gateway's statement, an entry of our records, or a matching pair of both."""

    class Verdict(models.TextChoices):
        UNREAD = "", _("Not compared yet")
        MATCHED = "matched", _("Matches")
        OTHER = "other", _("Not compared")
        ONLY_OURS = "only_ours", _("Only in our records")
        ONLY_THEIRS = "only_theirs", _("Only in theirs")
        AMOUNT = "amount", _("Different amount")
        CURRENCY = "currency", _("Different currency")
        REFUND_OURS = "refund_ours", _("Refund only in our records")
        REFUND_THEIRS = "refund_theirs", _("Refund only in theirs")
        DISPUTE = "dispute", _("Dispute only in theirs")
        NOT_OPENED = "not_opened", _("Paid, not fulfilled")
        NOT_PAID = "not_paid", _("Fulfilled, not paid")

    FINE = (Verdict.UNREAD, Verdict.MATCHED, Verdict.OTHER)

    statement = models.ForeignKey(GatewayStatement, on_delete=models.CASCADE, related_name="findings")
    verdict = models.CharField(max_length=14, choices=Verdict.choices, blank=True)

    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, blank=True, related_name="findings")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, null=True, blank=True, related_name="findings")
    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, null=True, blank=True, related_name="findings")
    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, null=True, blank=True, related_name="findings")
    our_amount = money_field(default=None, null=True, blank=True, help_text=_("Negative for refunds."))
    our_currency = models.CharField(max_length=3, blank=True)
    our_at = models.DateTimeField(null=True, blank=True)

    kind = models.CharField(max_length=10, blank=True)
    reference = models.CharField(max_length=255, blank=True, help_text=_("The gateway's ID of the payment or refund."))
    token = models.CharField(max_length=64, blank=True)
    session = models.CharField(max_length=255, blank=True)
    parent_reference = models.CharField(
        max_length=255, blank=True, help_text=_("The gateway's ID of the refunded payment.")
    )
    their_amount = money_field(default=None, null=True, blank=True)
    their_currency = models.CharField(max_length=3, blank=True)
    their_at = models.DateTimeField(null=True, blank=True)
    fee = money_field()
    payout = models.CharField(max_length=255, blank=True)

    fingerprint = models.CharField(max_length=64, blank=True, help_text=_("Identifies the same finding in other runs."))
    asked_at = models.DateTimeField(null=True, blank=True, help_text=_("When we last asked the gateway about it."))
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    action = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=300, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["statement", "verdict"]),
            models.Index(fields=["fingerprint"]),
            models.Index(fields=["reference"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, action="") | (~Q(closed_at=None) & ~Q(action="")),
                name="accounting_finding_closed_by_action",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.reference or self.order or self.pk}"

    @property
    def is_off(self) -> bool:
        return self.verdict not in self.FINE

    @property
    def is_open(self) -> bool:
        return self.is_off and self.closed_at is None

    @property
    def at(self) -> datetime | None:
        return self.their_at or self.our_at


class PayerQuestion(models.Model):
    """A question about an order, which the payer answers on a page behind a mailed link."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="questions")
    finding = models.ForeignKey(Finding, on_delete=models.SET_NULL, null=True, blank=True, related_name="questions")
    nonce = models.CharField(max_length=32, default=links.new_nonce, editable=False)
    text = models.CharField(max_length=500)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"question {self.pk} about order {self.order_id}"
