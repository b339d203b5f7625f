"""Registrations: a student's spot in a class, for all of its meetings or for a single one."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import Order, OrderLine
from classwork.models.catalog import Subject
from classwork.models.class_offers import ClassOffer, Meeting
from common import links
from users.models import Staff, Student, User


def _overdue_condition(at: datetime) -> Q:
    return Q(state="held", line__order__state=Order.State.PLACED, line__order__held_until__lte=at)


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Both scopes are in one table, so a query says which it means: what counts for a whole class (levels, rosters,
    the minimum enrollment) must not count a drop-in."""

    def whole_class(self) -> "RegistrationQuerySet":
        return self.filter(meeting=None)

    def single_meeting(self) -> "RegistrationQuerySet":
        return self.filter(meeting__isnull=False)

    def live(self) -> "RegistrationQuerySet":
        return self.filter(state__in=Registration.LIVE)

    def confirmed(self) -> "RegistrationQuerySet":
        return self.filter(state=Registration.State.CONFIRMED)

    def overdue(self, at: datetime) -> "RegistrationQuerySet":
        """Holds whose orders were not paid by their deadline."""
        return self.filter(_overdue_condition(at))

    def taking_a_spot(self, at: datetime) -> "RegistrationQuerySet":
        """A hold counts until the deadline of its order, whether or not the job that expires orders has run."""
        return self.live().exclude(_overdue_condition(at))

    def taught_by(self, staff: Staff) -> "RegistrationQuerySet":
        return self.filter(class_offer__in=ClassOffer.objects.taught_by(staff))

    def visible_to(self, user: User) -> "RegistrationQuerySet":
        """The registrations of students in this account's care. Paying for someone else does not count."""
        return self.filter(student__in=Student.objects.ids_of(user))

    def for_lists(self) -> "RegistrationQuerySet":
        """Whole classes, drop-ins and trials."""
        return (
            self._with_order_and_class().select_related("meeting__location").prefetch_related("class_offer__meetings")
        )

    def for_meeting_lists(self) -> "RegistrationQuerySet":
        """Drop-ins and trials, by day."""
        return self._with_order_and_class().select_related("meeting__location").order_by("meeting__starts_at", "pk")

    def _with_order_and_class(self) -> "RegistrationQuerySet":
        return self.select_related(
            "student__user",
            "student__guardian",
            "class_offer__subject__level",
            "class_offer__session",
            "class_offer__location",
            "line__order",
        ).prefetch_related("line__order__payments__disputes")


class Registration(models.Model):
    class State(models.TextChoices):
        HELD = "held", _("On hold until paid")
        CONFIRMED = "confirmed", _("Registered")
        ON_HOLD = "on_hold", _("Waiting for a decision")
        EXPIRED = "expired", _("Not paid in time")
        CANCELED = "canceled", _("Canceled")
        TRANSFERRED = "transferred", _("Moved to another class")

    class Readiness(models.TextChoices):
        """The answer to the level question."""

        NOT_ASKED = "", _("Not asked")
        READY = "ready", _("Knows what the class builds on")
        UNSURE = "unsure", _("Is not sure of the level")

    LIVE = (State.HELD, State.CONFIRMED, State.ON_HOLD)

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="registrations")
    class_offer = models.ForeignKey(
        ClassOffer, on_delete=models.PROTECT, related_name="registrations", verbose_name=_("class")
    )
    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, null=True, blank=True, related_name="registrations",
        verbose_name=_("class day"), help_text=_("The day of a drop-in or trial. Empty for the whole class."),
    )  # fmt: skip
    trial_of = models.ForeignKey(
        Subject, on_delete=models.PROTECT, null=True, blank=True, related_name="trials",
        help_text=_("Empty for a drop-in and for the whole class."),
    )  # fmt: skip
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="registrations", editable=False
    )
    state = models.CharField(max_length=12, choices=State, editable=False)
    role = models.CharField(max_length=30, blank=True, editable=False)
    readiness = models.CharField(_("level check"), max_length=8, choices=Readiness, blank=True)
    referral_source = models.CharField(
        max_length=120, blank=True, help_text=_("Answer to “How did you hear about us?”")
    )
    over_capacity = models.BooleanField(_("over capacity"), default=False, editable=False)
    duplicate_of = models.ForeignKey(
        Student, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False,
        help_text=_("The student who already had a spot, if this one is a second record of the same name."),
    )  # fmt: skip
    conflict = models.CharField(
        max_length=300, blank=True, editable=False,
        help_text=_("Why the buyer would have been refused, until the office has been told."),
    )  # fmt: skip
    nonce = models.CharField(max_length=32, default=links.new_nonce, editable=False)
    end_reason = models.CharField(
        max_length=300, blank=True, editable=False, help_text=_("Why it ended, or was put on hold.")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["class_offer", "state"]),
            models.Index(fields=["id"], condition=~Q(conflict=""), name="registrations_in_conflict"),
            models.Index(
                fields=["meeting", "state"], condition=Q(meeting__isnull=False), name="registrations_of_meeting"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "class_offer"],
                condition=Q(meeting=None, state__in=["held", "confirmed", "on_hold"]),
                name="registrations_registration_once_per_class",
                violation_error_message=_("This person already has a spot in this class."),
            ),
            models.UniqueConstraint(
                fields=["student", "meeting"],
                condition=Q(meeting__isnull=False, state__in=["held", "confirmed", "on_hold"]),
                name="registrations_registration_once_per_meeting",
            ),
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(state__in=["held", "confirmed", "on_hold"]),
                name="registrations_registration_once_per_line",
            ),
            models.UniqueConstraint(
                fields=["student", "trial_of"],
                condition=Q(state__in=["held", "confirmed", "on_hold", "transferred"]),
                name="registrations_trial_once_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(meeting=None, trial_of=None) | Q(meeting__isnull=False, line__isnull=False),
                name="registrations_single_meeting_is_ordered",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["held", "confirmed", "on_hold"], ended_at=None)
                | Q(state__in=["expired", "canceled", "transferred"], ended_at__isnull=False),
                name="registrations_registration_ended_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "on_hold"]) | Q(confirmed_at__isnull=False),
                name="registrations_registration_confirmed_says_when",
            ),
        ]
        permissions = [
            ("exceed_capacity", "Can register people in a full class"),
            ("join_late", "Can register people after the last class to join"),
        ]

    def __str__(self) -> str:
        if self.is_for_single_meeting:
            return f"{self.student}, {self.kind_text} for {self.day_text}"
        return f"{self.student} in {self.class_offer}"

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def is_confirmed(self) -> bool:
        return self.state == self.State.CONFIRMED

    @property
    def is_on_hold(self) -> bool:
        return self.state == self.State.ON_HOLD

    @property
    def held_until(self) -> datetime | None:
        """The deadline of the order, if it has one and waits for its payment."""
        order = self.line.order if self.line and self.state == self.State.HELD else None
        return order.held_until if order and order.state == Order.State.PLACED else None

    def takes_a_spot(self, at: datetime) -> bool:
        is_overdue = self.held_until is not None and self.held_until <= at
        return self.is_live and not is_overdue

    @property
    def is_for_single_meeting(self) -> bool:
        return self.meeting_id is not None

    @property
    def day(self) -> Meeting:
        """The class day of a drop-in or trial. A registration for the whole class has none."""
        if self.meeting is None:
            raise ValueError(f"Registration {self.pk} is for the whole class.")
        return self.meeting

    @property
    def ordered_line(self) -> OrderLine:
        """The order line, which every drop-in and trial has."""
        if self.line is None:
            raise ValueError(f"Registration {self.pk} was not ordered on this site.")
        return self.line

    @property
    def day_text(self) -> str:
        return f"{self.class_offer.subject.short_name}, {self.day.slot}"

    @property
    def is_trial(self) -> bool:
        return self.trial_of_id is not None

    @property
    def kind_text(self) -> str:
        return gettext("trial") if self.is_trial else gettext("drop-in")

    @property
    def is_unsure_of_level(self) -> bool:
        return self.readiness == self.Readiness.UNSURE

    @property
    def taken_over_from(self) -> "Registration | None":
        """The registration of the person who transferred the spot."""
        earlier = [each for each in self.line.registrations.all() if each.pk < self.pk] if self.line else []
        return max(earlier, key=lambda each: each.pk, default=None)

    @property
    def taken_over_by(self) -> list["Registration"]:
        """Later registrations on the same order line. Empty if the spot was moved to another class."""
        return [later for later in self.line.registrations.all() if later.pk > self.pk] if self.line else []
