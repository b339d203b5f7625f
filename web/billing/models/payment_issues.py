from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.orders import Order
from billing.models.payments import Payment


class PaymentIssue(models.Model):
    """A payment issue of an order that a person has to decide, such as an overpayment or a failed fulfillment."""

    class Kind(models.TextChoices):
        NOT_CONFIRMED = "not_confirmed", _("Paid, but could not be fulfilled")
        OVERPAID = "overpaid", _("Overpaid")
        WRONG_AMOUNT = "wrong_amount", _("Different amount or currency at the gateway")
        REFUND_FAILED = "refund_failed", _("A refund did not go through")
        HAND_BACK = "hand_back", _("Refund to be handed over")
        DISPUTED = "disputed", _("Disputed by the payer's bank")
        LOST = "lost", _("Dispute lost after the money became credit")
        MISFIT = "misfit", _("Gateway and our records disagree")
        ANSWERED = "answered", _("Answer from the payer")
        OTHER = "other", _("Other")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payment_issues")
    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, null=True, blank=True, related_name="payment_issues")
    description = models.CharField(max_length=500)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolution = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "order", "description"], condition=Q(closed_at=None), name="billing_issue_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: order {self.order_id}"
