"""Cancellations by the school, and the compensation of each student."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing.models import Refund
from billing.models.fields import money_field
from classwork.models.class_offers import ClassOffer, Meeting
from registrations.models.registrations import Registration


class CompensationPolicy(models.TextChoices):
    REFUND = "refund", _("Refund")
    CREDIT = "credit", _("Account credit")
    MAKE_UP = "make_up", _("Make-up class")
    EXTENSION = "extension", _("Extended class")
    NOTHING = "nothing", _("No compensation")


class ClassCancellation(models.Model):
    """One decision of the school to cancel class days or a whole class. The history says who made it."""

    class_offer = models.ForeignKey(
        ClassOffer, on_delete=models.CASCADE, null=True, blank=True, related_name="class_cancellations",
        help_text=_("The class, if it was canceled as a whole."),
    )  # fmt: skip
    policy = models.CharField(max_length=10, choices=CompensationPolicy)
    reason = models.CharField(max_length=200)
    canceled_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("class cancellation")
        verbose_name_plural = _("class cancellations")

    def __str__(self) -> str:
        return f"Canceled: {self.reason}"

    def get_absolute_url(self) -> str:
        return reverse("desk_class_cancellation", args=[self.pk])

    @property
    def meetings(self) -> "models.QuerySet[Meeting]":
        return Meeting.objects.filter(school_cancellation__cancellation=self)


class CanceledMeeting(models.Model):
    """A class day that a cancellation covers. If it was restored and canceled again, the last cancellation counts."""

    meeting = models.OneToOneField(
        Meeting, on_delete=models.CASCADE, primary_key=True, related_name="school_cancellation"
    )
    cancellation = models.ForeignKey(ClassCancellation, on_delete=models.CASCADE, related_name="canceled_meetings")

    def __str__(self) -> str:
        return str(self.meeting)


class StudentCompensation(models.Model):
    """The compensation for one registration: refunded money, returned credit, or an amount that is no longer due."""

    cancellation = models.ForeignKey(
        ClassCancellation, on_delete=models.CASCADE, related_name="compensations", verbose_name=_("class cancellation")
    )
    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="compensations")
    policy = models.CharField(max_length=10, choices=CompensationPolicy)
    meetings = models.PositiveSmallIntegerField(help_text=_("How many of their class days were canceled."))
    purchased_meetings = models.PositiveSmallIntegerField(help_text=_("How many class days they bought."))
    total_cost = money_field(help_text=_("What all of their class days cost."))
    amount = money_field(help_text=_("The part of their payment that is refunded, credited, or pending."))
    credited = money_field(help_text=_("The part of the amount that became account credit."))
    on_hold = money_field(help_text=_("The part of the amount that could not be refunded right away."))
    by_hand = money_field(help_text=_("The part of the amount that the desk hands over."))
    onto_vouchers = money_field(help_text=_("The part of the amount that was returned to gift vouchers."))
    credit_returned = money_field(help_text=_("Credit spent on the order that was returned."))
    no_longer_due = money_field(help_text=_("What is no longer due."))
    refunds = models.ManyToManyField(
        Refund, blank=True, related_name="+", help_text=_("The refunds that include the amount.")
    )
    pending_reason = models.CharField(
        max_length=200, blank=True, help_text=_("Why the money could not be refunded right away.")
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cancellation", "registration"], name="registrations_compensation_once_per_registration"
            ),
            models.CheckConstraint(
                condition=Q(
                    amount__gte=0, credit_returned__gte=0, no_longer_due__gte=0, credited__gte=0, by_hand__gte=0
                )
                & Q(onto_vouchers__gte=0, on_hold__gte=0),
                name="registrations_compensation_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_policy_display()}: {self.registration.student}"

    @property
    def refunded(self) -> Decimal:
        """Includes refunds by hand and onto gift vouchers."""
        return self.amount - self.credited - self.on_hold
