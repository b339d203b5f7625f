"""Webhooks that were processed, without their content, and disputes."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.payments import Payment


class ProcessedWebhook(models.Model):
    """A webhook that was processed. The row is written in the transaction of its effect, without the content."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("applied")
        NOTHING = "nothing", _("nothing new")
        IGNORED = "ignored", _("not about us")

    variant = models.CharField(max_length=50)
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=100)
    payment = models.ForeignKey(Payment, on_delete=models.SET_NULL, null=True, blank=True, related_name="webhooks")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["variant", "event_id"], name="billing_webhook_once")]

    def __str__(self) -> str:
        return f"{self.variant} {self.kind}"
