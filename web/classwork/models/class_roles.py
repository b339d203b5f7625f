from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.models.catalog import count_field
from classwork.models.class_offers import ClassOffer


class ClassRole(models.Model):
    """A role by the school's own name, such as lead or follow, in the order in which they are named."""

    class_offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="roles", verbose_name=_("class"))
    name = models.CharField(max_length=30)
    capacity = count_field(help_text=_("Leave empty for the capacity of the class."))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["class_offer", "name"], name="classwork_role_once"),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(capacity__gte=1), name="classwork_role_capacity_positive"
            ),
            models.CheckConstraint(condition=~Q(name__in=["", "either"]), name="classwork_role_name_allowed"),
        ]

    def __str__(self) -> str:
        return self.name


class RoleBalance(models.Model):
    """The largest allowed difference between the roles of a class."""

    class_offer = models.OneToOneField(ClassOffer, on_delete=models.CASCADE, primary_key=True, related_name="balance")
    most_apart = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Largest difference between roles.")
    )
    ratio = models.DecimalField(
        max_digits=3,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(1))],
        help_text=_("Largest ratio between roles."),
    )
    active_from = models.PositiveSmallIntegerField(
        default=0, help_text=_("Applies from this many people. Required for a ratio.")
    )

    class Meta:
        verbose_name_plural = _("balance")
        constraints = [
            models.CheckConstraint(
                condition=Q(ratio__isnull=True) | Q(ratio__gte=1, active_from__gte=1),
                name="classwork_balance_ratio_has_start",
            )
        ]

    def __str__(self) -> str:
        return gettext("Balance of %(class)s") % {"class": self.class_offer}
