from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from billing.models.fields import amount
from users.models import Student


class Code(models.Model):
    """A discount code: a percentage or an amount; for everybody, for one person, for one product; limited or not."""

    text = models.CharField(max_length=40, help_text="What people type; capitals and small letters are the same.")
    label = models.CharField(max_length=100, blank=True, help_text="How it is called in a price; else the code itself.")
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(100)],
    )
    amount = amount(default=None, null=True, blank=True)
    student = models.ForeignKey(
        Student, on_delete=models.CASCADE, null=True, blank=True, help_text="Only for the lines this person attends."
    )
    kind = models.CharField(max_length=20, blank=True, help_text="Only for products of this kind.")
    product_id = models.BigIntegerField(null=True, blank=True, help_text="Only for this one product of the kind.")
    limit = models.PositiveIntegerField(null=True, blank=True, help_text="How many orders may use it; empty for any.")
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Upper("text"), name="billing_code_text_once", violation_error_message="This code exists already."
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=False, percent__gt=0, percent__lte=100, amount=None)
                | Q(percent=None, amount__isnull=False, amount__gt=0),
                name="billing_code_percentage_or_amount",
                violation_error_message="Give either a percentage up to 100 or an amount.",
            ),
            models.CheckConstraint(
                condition=Q(product_id=None) | ~Q(kind=""),
                name="billing_code_product_has_kind",
                violation_error_message="Say of which kind the product is.",
            ),
        ]

    def __str__(self) -> str:
        return self.text
