from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from billing.models.fields import money_field
from users.models import Student


class DiscountCode(models.Model):
    """A discount of a percentage or an amount, which can be limited to a person, a product or a number of uses."""

    code = models.CharField(max_length=40, help_text=_("What people type. Upper and lower case are the same."))
    label = models.CharField(max_length=100, blank=True, help_text=_("Shown on the price. Defaults to the code."))
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(100)],
    )
    amount = money_field(default=None, null=True, blank=True)
    student = models.ForeignKey(
        Student,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text=_("Only for classes this person attends. Leave empty for everyone."),
    )
    kind = models.CharField(max_length=20, blank=True)
    for_parts = models.BooleanField(default=False, help_text=_("Only for parts of products, such as one class day."))
    product_id = models.BigIntegerField(null=True, blank=True, help_text=_("One product of the kind; empty for all."))
    limit = models.PositiveIntegerField(
        _("maximum uses"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("How many orders can use it. Leave empty for any number."),
    )
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Upper("code"), name="billing_discount_code_once", violation_error_message=_("This code already exists.")
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=False, percent__gt=0, percent__lte=100, amount=None)
                | Q(percent=None, amount__isnull=False, amount__gt=0),
                name="billing_discount_code_percentage_or_amount",
                violation_error_message=_("Enter either a percentage up to 100 or an amount."),
            ),
            models.CheckConstraint(
                condition=Q(product_id=None) | ~Q(kind=""),
                name="billing_discount_code_product_has_kind",
                violation_error_message=_("Choose the kind of the product."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="billing_discount_code_ends_after_start",
                violation_error_message=_("The code must end after it begins."),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        self.code = self.code.strip()
