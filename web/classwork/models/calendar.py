"""When it is taught: sessions, class offers, and the meetings that follow from them."""

import uuid
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from classwork.domain.calendar import SessionPlan
from classwork.domain.timetable import OfferRule, Slot, Standing
from classwork.models.catalogue import Location, Subject, amount, default_approval, default_weeks
from common import dates, links
from users.models import Staff

WEEKDAYS = list(enumerate(dates.WEEKDAYS))

session_name = RegexValidator(
    r"^(?!all\Z)[^\s,/][^,/]*\Z",
    "A session's name stands in addresses: leave out commas and slashes, and do not call it “all”.",
)


def default_shift() -> int:
    return settings.DEFAULT_MAX_DAY_SHIFT


def default_day() -> int:
    return settings.DEFAULT_KEY_DAY


class Session(models.Model):
    """A term. Its start and end follow from the key day and the rules; nothing else stores them."""

    name = models.CharField(max_length=40, validators=[session_name], help_text="Such as Jan_2026; part of addresses.")
    key_day_date = models.DateField(
        "key day",
        help_text="The first class on the weekday that matters most: the one that has classes in every session, "
        "and the last such day of the week when there are several.",
    )
    max_day_shift = models.SmallIntegerField(
        "day shift",
        default=default_shift,
        validators=[MinValueValidator(-6), MaxValueValidator(6)],
        help_text="How many days other class days may lie before (negative) or after the key day.",
    )
    num_weeks = models.PositiveSmallIntegerField(
        "weeks", default=default_weeks, validators=[MinValueValidator(1), MaxValueValidator(53)]
    )
    skip_weeks = models.PositiveSmallIntegerField(
        "skipped weeks", default=0, validators=[MaxValueValidator(52)], help_text="Weeks without class in between."
    )
    flip_last_day = models.BooleanField(
        "last day is flipped",
        default=False,
        help_text="Because of skipped weeks, the other end of the week has the last class.",
    )
    break_weeks = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(52)], help_text="Empty weeks after the session."
    )
    publish_date = models.DateField("published from", help_text="The first day on which the public sees it.")
    expire_date = models.DateField("published until", help_text="The last day. Empty: worked out from the key day.")
    date_added = models.DateTimeField(auto_now_add=True)
    date_modified = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-key_day_date", "-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="classwork_session_name_once",
                violation_error_message="Another session has this name.",
            ),
            models.CheckConstraint(
                condition=Q(publish_date__lte=F("expire_date")), name="classwork_session_publish_before_expire"
            ),
            models.CheckConstraint(condition=Q(num_weeks__range=(1, 53)), name="classwork_session_weeks"),
            models.CheckConstraint(condition=Q(max_day_shift__range=(-6, 6)), name="classwork_session_shift"),
            models.CheckConstraint(
                condition=Q(flip_last_day=False) | Q(skip_weeks__gt=0), name="classwork_session_flip_needs_a_skip"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("classoffer_display_session", args=[self.name])

    @property
    def title(self) -> str:
        return self.name.replace("_", " ")

    @property
    def plan(self) -> SessionPlan:
        return SessionPlan(
            key_day=self.key_day_date,
            shift=self.max_day_shift,
            weeks=self.num_weeks,
            skip_weeks=self.skip_weeks,
            flip_last_day=self.flip_last_day,
            break_weeks=self.break_weeks,
            publish=self.publish_date,
            expire=self.expire_date,
            pk=self.pk,
            name=self.name,
        )

    @property
    def start_date(self) -> date:
        return self.plan.start

    @property
    def end_date(self) -> date:
        return self.plan.end


class ClassOfferQuerySet(models.QuerySet["ClassOffer"]):
    def approved(self) -> "ClassOfferQuerySet":
        return self.filter(manager_approved=True, subject__manager_approved=True)

    def published(self, today: date) -> "ClassOfferQuerySet":
        """What the public may see: approved, and in a session whose publish date has come."""
        return self.approved().filter(session__publish_date__lte=today)

    def with_timetable(self) -> "ClassOfferQuerySet":
        """All that a list of classes shows, in a number of queries that does not grow."""
        return self.select_related("subject__level", "session", "location").prefetch_related(
            models.Prefetch(
                "meetings", Meeting.objects.select_related("location").prefetch_related("substitutes__user")
            ),
            models.Prefetch("assignments", Assignment.objects.select_related("staff__user")),
            "skipped_dates",
        )


class ClassOffer(models.Model):
    """A subject in a session: on which day, at what time, where, with whom."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="offers")
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="offers")
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, null=True, blank=True, related_name="offers", help_text="Empty: still open."
    )
    teachers = models.ManyToManyField(Staff, through="Assignment", related_name="taught", blank=True)
    class_day = models.PositiveSmallIntegerField("weekday", choices=WEEKDAYS, default=default_day)
    start_time = models.TimeField("starts at")
    capacity = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="How many may attend; empty: no limit."
    )
    price = amount(null=True, blank=True, help_text="Only when it differs from the subject's.")
    skip_tagline = models.CharField(
        "about the skipped dates", max_length=80, blank=True, help_text="Such as “No class at Thanksgiving”."
    )
    public_note = models.CharField(
        max_length=250, blank=True, help_text="What is special this time; shown with the class."
    )
    manager_approved = models.BooleanField(
        "approved", default=default_approval, help_text="Only approved classes are listed and can be booked."
    )
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
        ]

    def __str__(self) -> str:
        return f"{self.heading}, {self.session.title}"

    def get_absolute_url(self) -> str:
        return reverse("classoffer_detail", args=[self.pk])

    @property
    def heading(self) -> str:
        """Tells the classes of one session apart."""
        return f"{self.subject}, {self.day} {dates.clock(self.start_time)}"

    @property
    def rule(self) -> OfferRule:
        return OfferRule(
            class_day=self.class_day,
            start_time=self.start_time,
            minutes=self.subject.num_minutes,
            weeks=self.subject.num_weeks,
            skipped=frozenset(skipped.on for skipped in self.skipped_dates.all()) if self.pk else frozenset(),
        )

    @property
    def weekday(self) -> str:
        return dates.WEEKDAYS[self.class_day]

    @property
    def day(self) -> str:
        """Tuesdays for a class of several weeks, Tuesday for a single day."""
        return self.weekday + ("s" if self.subject.num_weeks > 1 else "")

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
    def is_listed(self) -> bool:
        return self.manager_approved and self.subject.manager_approved


class Assignment(models.Model):
    """Who teaches a class offer, and as what."""

    class Role(models.TextChoices):
        TEACHER = "teacher", "Teacher"
        ASSISTANT = "assistant", "Assistant"

    offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="assignments")
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=10, choices=Role, default=Role.TEACHER)

    class Meta:
        ordering = ["-role", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "staff"],
                name="classwork_assignment_once",
                violation_error_message="This person is already assigned to the class.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff} ({self.get_role_display()})"


class SkippedDate(models.Model):
    """A date on which a class would meet by its rule and does not; it is made up for at the end."""

    offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="skipped_dates")
    on = models.DateField()

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["offer", "on"], name="classwork_skipped_date_once")]

    def __str__(self) -> str:
        return dates.day(self.on)


class Meeting(models.Model):
    """One date of a class offer. Those with a number follow the offer's rule, those without are extra."""

    offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="meetings")
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    moved_from = models.DateTimeField(null=True, blank=True, help_text="Set when a person moved this one meeting.")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was moved or cancelled; students read it.")
    location = models.ForeignKey(
        Location,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        help_text="Only if elsewhere.",
    )
    substitutes = models.ManyToManyField(Staff, related_name="substitutions", blank=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "number"], name="classwork_meeting_number_once"),
            models.UniqueConstraint(
                fields=["offer", "starts_at"], condition=Q(cancelled_at=None), name="classwork_meeting_start_once"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="classwork_meeting_ends_after_start"),
            models.CheckConstraint(
                condition=Q(number__isnull=True) | Q(number__gte=1), name="classwork_meeting_number_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer.subject.short_name}, {self.slot}"

    @property
    def slot(self) -> Slot:
        return Slot(self.starts_at, self.ends_at)

    @property
    def standing(self) -> Standing:
        return Standing(self.pk, self.number, self.slot, self.moved_from is not None, self.cancelled_at is not None)

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def on(self) -> date:
        return dates.local(self.starts_at).date()

    def has_begun(self, now: datetime) -> bool:
        return self.starts_at <= now


class CalendarFeed(models.Model):
    """A teacher's own calendar address; a new nonce makes the old address useless."""

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed")
    nonce = models.CharField(max_length=32, default=links.new_nonce)

    def __str__(self) -> str:
        return f"Calendar of {self.staff}"
