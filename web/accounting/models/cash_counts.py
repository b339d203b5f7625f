from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.fields import money_field


class CashCount(models.Model):
    """A person's count of a day's cash or checks, next to the expected amount. To correct it, count again."""

    day = models.DateField()
    variant = models.CharField(_("method"), max_length=255)
    currency = models.CharField(max_length=3)
    expected = money_field(help_text=_("What our records said when it was counted."))
    counted = money_field()
    reason = models.CharField(_("why it differs"), max_length=300, blank=True)
    counted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    counted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("cash count")
        ordering = ["-id"]
        indexes = [models.Index(fields=["day", "variant"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(counted=models.F("expected")) | ~Q(reason=""),
                name="accounting_cash_difference_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant} on {self.day}"

    @property
    def difference(self) -> Decimal:
        return self.counted - self.expected
