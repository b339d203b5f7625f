from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.fields import money_field
from billing.models.payments import Payment


class Dispute(models.Model):
    """A dispute of a payment by the payer's bank. Until it is decided, spots stay reserved and refunds are blocked."""

    class State(models.TextChoices):
        OPEN = "open", _("being decided")
        WON = "won", _("won by the school")
        LOST = "lost", _("lost")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    reference = models.CharField(max_length=255)
    credit_held = money_field(
        editable=False, help_text=_("Account credit of the payer that cannot be spent because of it.")
    )
    amount = money_field()
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    hold_ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    hold_ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(credit_held__gte=0), name="billing_dispute_held_credit_not_negative"),
            models.UniqueConstraint(fields=["payment", "reference"], name="billing_dispute_once"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="billing_dispute_closed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"dispute {self.pk}"

    @property
    def is_lost(self) -> bool:
        return self.state == self.State.LOST
