"""Cancellation terms. The school names them, chooses them for a class, and they apply to every spot that is sold under
them."""

from decimal import Decimal
from functools import cached_property

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.rules.terms import REFUND_METHOD_LABELS, RefundMethod
from common.formats import format_percent


class CancellationTerms(models.Model):
    name = models.CharField(max_length=60, unique=True)
    is_default = models.BooleanField(
        _("school default"), default=False, help_text=_("Used for classes without terms of their own.")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("cancellation terms")
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="classwork_terms_one_default",
                violation_error_message=_("Other terms are already the school default."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CancellationTermsStep(models.Model):
    """The refund for a cancellation before a deadline. After the last step there is no refund."""

    class Unit(models.TextChoices):
        HOURS = "hours", _("hours before the first class")
        DAYS = "days", _("days before the first class")
        WEEKS = "weeks", _("weeks before the first class")
        MEETING = "meeting", _("when the class of this number begins")

    terms = models.ForeignKey(CancellationTerms, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(500)], help_text=_("Number of days, or the class number.")
    )
    unit = models.CharField(_("until"), max_length=7, choices=Unit, default=Unit.DAYS)
    percent = models.DecimalField(
        _("percent back"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(100),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    gives = models.CharField(_("as"), max_length=6, choices=REFUND_METHOD_LABELS, default=RefundMethod.REFUND)

    class Meta:
        verbose_name = _("step")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["terms", "unit", "number"],
                name="classwork_terms_step_once",
                violation_error_message=_("Another step already uses this deadline."),
            ),
            models.CheckConstraint(condition=Q(percent__range=(0, 100)), name="classwork_terms_step_percent"),
            models.CheckConstraint(condition=Q(number__range=(1, 500)), name="classwork_terms_step_number"),
        ]

    def __str__(self) -> str:
        return f"{format_percent(self.percent)}, {self.get_gives_display()}"

    @cached_property
    def rule(self) -> str:
        return f"{self.unit} {self.number}"
