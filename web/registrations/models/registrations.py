"""Registrations: a student's spot in a class offer."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models import OrderLine
from classwork.models.class_offers import ClassOffer
from registrations.models.spots import SpotBase, SpotQuerySet, state_constraints
from users.models import Staff, Student, User


class RegistrationQuerySet(SpotQuerySet["Registration"]):
    def taught_by(self, staff: Staff) -> "RegistrationQuerySet":
        return self.filter(class_offer__in=ClassOffer.objects.taught_by(staff))

    def visible_to(self, user: User) -> "RegistrationQuerySet":
        """The registrations of students in this account's care. Paying for someone else does not count."""
        return self.filter(student__in=Student.objects.ids_of(user))

    def for_lists(self) -> "RegistrationQuerySet":
        return self.select_related(
            "student__user",
            "student__guardian",
            "class_offer__subject__level",
            "class_offer__session",
            "class_offer__location",
            "line__order",
        ).prefetch_related("line__order__payments__disputes", "line__registrations", "class_offer__meetings")


class Registration(SpotBase):
    class Readiness(models.TextChoices):
        """The answer to the level question."""

        NOT_ASKED = "", _("Not asked")
        READY = "ready", _("Knows what the class builds on")
        UNSURE = "unsure", _("Is not sure of the level")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="registrations")
    class_offer = models.ForeignKey(
        ClassOffer, on_delete=models.PROTECT, related_name="registrations", verbose_name=_("class")
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="registrations", editable=False
    )
    readiness = models.CharField(_("level check"), max_length=8, choices=Readiness, blank=True)
    referral_source = models.CharField(
        max_length=120, blank=True, help_text=_("Answer to “How did you hear about us?”")
    )
    over_capacity = models.BooleanField(_("over capacity"), default=False, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["class_offer", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "class_offer"],
                condition=Q(state__in=["held", "confirmed", "on_hold"]),
                name="registrations_registration_once",
                violation_error_message=_("This person already has a spot in this class."),
            ),
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(state__in=["held", "confirmed", "on_hold"]),
                name="registrations_registration_once_per_line",
            ),
            *state_constraints("registrations_registration"),
        ]
        permissions = [
            ("exceed_capacity", "Can register people in a full class"),
            ("join_late", "Can register people after the last class to join"),
        ]

    def __str__(self) -> str:
        return f"{self.student} in {self.class_offer}"

    @property
    def is_unsure_of_level(self) -> bool:
        return self.readiness == self.Readiness.UNSURE

    @property
    def taken_over_by(self) -> list["Registration"]:
        """Later registrations on the same order line. Empty if the spot was moved to another class."""
        return [later for later in self.line.registrations.all() if later.pk > self.pk] if self.line else []
