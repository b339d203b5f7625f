from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models.append_only import AppendOnlyModel
from billing.models.fields import money_field
from billing.models.orders import Order
from common.formats import format_money


class Credit(AppendOnlyModel):
    """An entry of an account's credit."""

    class Reason(models.TextChoices):
        GIVEN = "given", _("Given by the school")
        TAKEN = "taken", _("Taken back by the school")
        SPENT = "spent", _("Spent on an order")
        RETURNED = "returned", _("Returned from an order")
        INSTEAD = "instead", _("Instead of a refund")

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="credit_entries"
    )
    amount = money_field(help_text=_("Negative when credit was spent."))
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    note = models.CharField(max_length=300, blank=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_entries")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("credit entry")
        verbose_name_plural = _("credit entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["spent", "taken"], amount__lt=0)
                | Q(reason__in=["given", "returned", "instead"], amount__gt=0),
                name="billing_credit_sign_fits_reason",
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=False) | Q(reason__in=["given", "taken"]), name="billing_credit_names_order"
            ),
            models.CheckConstraint(
                condition=~Q(reason__in=["given", "taken"]) | ~Q(note=""), name="billing_credit_given_has_note"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {format_money(self.amount, self.currency)}"

    @property
    def reason_text(self) -> str:
        reason, number = self.get_reason_display(), self.order_id
        if not number:
            return reason
        text = {
            self.Reason.SPENT: gettext("Spent on order %(order_number)s"),
            self.Reason.RETURNED: gettext("Came back from order %(order_number)s"),
        }.get(self.Reason(self.reason), gettext("%(reason)s, order %(order_number)s"))
        return text % {"reason": reason, "order_number": number}
