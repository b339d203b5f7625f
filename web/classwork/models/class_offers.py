"""Class offers and their meetings."""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from classwork.models.cancellation_terms import CancellationTerms
from classwork.models.catalog import Location, Subject, count_field, price_field
from classwork.models.sessions import Session
from classwork.rules.timetable import MeetingRule, ScheduledMeeting, Slot
from common import dates
from common.days import DayColumn
from common.defaults import SettingDefault
from common.formats import format_date, format_time, format_time_span
from users.models import Staff

WEEKDAYS = list(enumerate(dates.WEEKDAYS))
PLURAL_WEEKDAYS = [
    _("Mondays"),
    _("Tuesdays"),
    _("Wednesdays"),
    _("Thursdays"),
    _("Fridays"),
    _("Saturdays"),
    _("Sundays"),
]


class ClassOfferQuerySet(models.QuerySet["ClassOffer"]):
    def approved(self) -> "ClassOfferQuerySet":
        return self.filter(manager_approved=True, subject__manager_approved=True)

    def on_offer(self) -> "ClassOfferQuerySet":
        """A canceled class is not listed, but its page and its calendar stay."""
        return self.approved().filter(canceled_at=None)

    def tentative(self) -> "ClassOfferQuerySet":
        return self.exclude(minimum_enrollment=None).filter(confirmed_at=None, canceled_at=None)

    def published(self, today: date) -> "ClassOfferQuerySet":
        return self.approved().filter(session__publish_date__lte=today)

    def taught_by(self, staff: Staff) -> "ClassOfferQuerySet":
        assigned = Q(pk__in=Assignment.objects.filter(staff=staff).values("class_offer"))
        return self.filter(assigned | Q(pk__in=Meeting.objects.filter(substitutes=staff).values("class_offer")))

    def with_timetable(self) -> "ClassOfferQuerySet":
        """Prefetches everything that planning and the page of one class use, including substitutes."""
        meetings = Meeting.objects.select_related("location").prefetch_related("substitutes__user")
        return self.for_lists().prefetch_related(None).prefetch_related(*self._prefetches(meetings))

    def for_lists(self) -> "ClassOfferQuerySet":
        """Needs four queries for a list of any length."""
        related = self.select_related("subject__level", "session", "location", "balance")
        return related.prefetch_related(*self._prefetches(Meeting.objects.select_related("location")))

    def for_orders(self) -> "ClassOfferQuerySet":
        """Needs two queries for any number of classes."""
        return self.select_related("subject__level", "session", "location", "balance").prefetch_related("meetings")

    def _prefetches(self, meetings: "models.QuerySet[Meeting]") -> list[Any]:
        assignments = Assignment.objects.select_related("staff__user")
        return [models.Prefetch("meetings", meetings), models.Prefetch("assignments", assignments), "skipped_dates"]


class ClassOffer(models.Model):
    """A subject in a session: weekday, time, location and staff."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="class_offers")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="class_offers")
    location = models.ForeignKey(
        Location,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="class_offers",
        help_text=_("Leave empty if not decided yet."),
    )
    teachers = models.ManyToManyField(Staff, through="Assignment", related_name="taught", blank=True)
    class_day = models.PositiveSmallIntegerField(
        _("weekday"), choices=WEEKDAYS, default=SettingDefault("DEFAULT_KEY_DAY")
    )
    start_time = models.TimeField(_("starts at"))
    capacity = count_field(help_text=_("Maximum number of students. Leave empty for no limit."))
    price = price_field(null=True, blank=True, help_text=_("Leave empty for the price of the subject."))
    pay_at_door = models.BooleanField(
        _("pay at the door"), default=True, help_text=_("Off: students must pay when they register.")
    )
    last_joinable_class = count_field(
        _("last class to join from"),
        help_text=_("Last class at which new students may join. Leave empty for the school default."),
    )
    pro_rata = models.BooleanField(
        _("late joiners pay for what is left"),
        null=True,
        blank=True,
        choices=[(None, _("School default")), (True, _("Yes")), (False, _("No"))],
        help_text=_("Late joiners pay for the remaining classes only. No: they pay the full price."),
    )
    cancellation_terms = models.ForeignKey(
        CancellationTerms,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="class_offers",
        verbose_name=_("cancellation terms"),
        help_text=_("Leave empty for the school default. Students keep the terms they bought under."),
    )
    drop_in_price = price_field(
        verbose_name=_("drop-in price"), null=True, blank=True, help_text=_("Leave empty for no drop-ins.")
    )
    trial_price = price_field(
        verbose_name=_("trial price"),
        null=True,
        blank=True,
        help_text=_("One class for new students; 0 is free. Leave empty for no trials."),
    )
    skip_tagline = models.CharField(
        _("note on skipped dates"), max_length=80, blank=True, help_text=_("For example “No class at Thanksgiving”.")
    )
    public_note = models.CharField(max_length=250, blank=True, help_text=_("Shown with the class."))
    manager_approved = models.BooleanField(
        _("approved"),
        default=SettingDefault("ASSUME_CLASS_APPROVE"),
        help_text=_("Only approved classes are listed and open for registration."),
    )
    minimum_enrollment = count_field(
        _("minimum enrollment"),
        help_text=_("Minimum registrations by the decision date, or the class may be canceled. Leave empty for none."),
    )
    decision_date = DayColumn(
        _("decision date"), null=True, blank=True, help_text=_("Last day on which registrations count.")
    )
    confirmed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When the class was confirmed.")
    )
    decision_requested_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When the office was asked.")
    )
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True, editable=False)
    date_added = models.DateTimeField(auto_now_add=True)
    date_modified = models.DateTimeField(auto_now=True)

    objects = ClassOfferQuerySet.as_manager()

    class Meta:
        ordering = ["session__key_day_date", "class_day", "start_time", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(class_day__range=(0, 6)), name="classwork_offer_weekday"),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(capacity__gte=1), name="classwork_offer_capacity_positive"
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="classwork_offer_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(drop_in_price__isnull=True) | Q(drop_in_price__gte=0),
                name="classwork_offer_drop_in_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(trial_price__isnull=True) | Q(trial_price__gte=0),
                name="classwork_offer_trial_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(last_joinable_class__isnull=True) | Q(last_joinable_class__gte=1),
                name="classwork_offer_last_joinable_positive",
            ),
            models.CheckConstraint(
                condition=Q(minimum_enrollment__isnull=True, decision_date__isnull=True)
                | Q(minimum_enrollment__gte=1, decision_date__isnull=False),
                name="classwork_offer_minimum_has_decision_date",
                violation_error_message=_("Enter both the minimum enrollment and the decision date, or neither."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.heading}, {self.session.title}"

    def get_absolute_url(self) -> str:
        return reverse("classoffer_detail", args=[self.pk])

    @property
    def heading(self) -> str:
        return f"{self.subject}, {self.day} {format_time(self.start_time)}"

    @property
    def rule(self) -> MeetingRule:
        return MeetingRule(
            class_day=self.class_day,
            start_time=self.start_time,
            minutes=self.subject.num_minutes,
            weeks=self.subject.num_weeks,
            skipped=frozenset(skipped.day for skipped in self.skipped_dates.all()) if self.pk else frozenset(),
        )

    @property
    def weekday(self) -> str:
        return str(dates.WEEKDAYS[self.class_day])

    @property
    def day(self) -> str:
        """“Tuesdays” for a class of several weeks, “Tuesday” for a single day."""
        return str(PLURAL_WEEKDAYS[self.class_day]) if self.subject.num_weeks > 1 else self.weekday

    @property
    def time_range(self) -> str:
        end = datetime.combine(date.min, self.start_time) + timedelta(minutes=self.subject.num_minutes)
        return format_time_span(self.start_time, end)

    @property
    def schedule_text(self) -> str:
        return f"{self.day} {self.time_range}"

    @property
    def full_price(self) -> Decimal:
        return self.subject.full_price if self.price is None else self.price

    @property
    def pre_pay_discount(self) -> Decimal:
        return min(self.subject.pre_pay_discount, self.full_price)

    @property
    def multi_discount(self) -> Decimal:
        return min(self.subject.multi_discount, self.full_price)

    @property
    def advance_price(self) -> Decimal:
        return self.full_price - self.pre_pay_discount

    @property
    def uncanceled_meetings(self) -> list["Meeting"]:
        return [meeting for meeting in self.meetings.all() if not meeting.is_canceled]

    @property
    def is_listed(self) -> bool:
        return self.manager_approved and self.subject.manager_approved

    @property
    def is_canceled(self) -> bool:
        return self.canceled_at is not None

    @property
    def is_tentative(self) -> bool:
        return self.minimum_enrollment is not None and self.confirmed_at is None and self.canceled_at is None


class Assignment(models.Model):
    """A teacher or an assistant of a class offer."""

    class Role(models.TextChoices):
        TEACHER = "teacher", _("Teacher")
        ASSISTANT = "assistant", _("Assistant")

    class_offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="assignments")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=10, choices=Role, default=Role.TEACHER)

    class Meta:
        ordering = ["-role", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["class_offer", "staff"],
                name="classwork_assignment_once",
                violation_error_message=_("This person is already assigned to the class."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff} ({self.get_role_display()})"


class SkippedDate(models.Model):
    """A date on which the class does not meet although its rule would. It is made up for at the end."""

    class_offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="skipped_dates")
    day = DayColumn()

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["class_offer", "day"], name="classwork_skipped_date_once")]

    def __str__(self) -> str:
        return format_date(self.day)


class Meeting(models.Model):
    """One date of a class offer. Meetings with a number follow the rule, and the others are extra."""

    class_offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="meetings")
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    moved_from = models.DateTimeField(null=True, blank=True, help_text=_("Set when this class day was moved."))
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    reason = models.CharField(
        max_length=200, blank=True, help_text=_("Why it was moved or canceled; shown to students.")
    )
    location = models.ForeignKey(
        Location,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        help_text=_("Leave empty for the usual location."),
    )
    substitutes = models.ManyToManyField(Staff, related_name="substitutions", blank=True)
    replacement_for = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="replacement",
        verbose_name=_("makes up for"),
    )  # fmt: skip
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["class_offer", "number"], name="classwork_meeting_number_once"),
            models.UniqueConstraint(
                fields=["class_offer", "starts_at"], condition=Q(canceled_at=None), name="classwork_meeting_start_once"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="classwork_meeting_ends_after_start"),
            models.CheckConstraint(
                condition=Q(number__isnull=True) | Q(number__gte=1), name="classwork_meeting_number_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.class_offer.subject.short_name}, {self.slot}"

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    @property
    def as_scheduled(self) -> ScheduledMeeting:
        return ScheduledMeeting(
            self.pk, self.number, self.slot, self.moved_from is not None, self.canceled_at is not None
        )

    @property
    def is_canceled(self) -> bool:
        return self.canceled_at is not None

    @property
    def local_date(self) -> date:
        return dates.to_local_time(self.starts_at).date()

    def has_begun(self, now: datetime) -> bool:
        return self.starts_at <= now
