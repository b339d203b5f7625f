"""Sessions: the periods in which classes are offered."""

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from classwork.rules.calendar import SessionPlan
from common.days import DayColumn
from common.defaults import SettingDefault

session_name = RegexValidator(
    r"^(?!all\Z)[^\s,/][^,/]*\Z",
    _("A session's name is part of web addresses: leave out commas and slashes, and don’t call it “all”."),
)


class Session(models.Model):
    """A period with classes. Its start and end are computed from the key day and are not stored."""

    name = models.CharField(
        max_length=40, validators=[session_name], help_text=_("For example Jan_2026; part of web addresses.")
    )
    key_day_date = DayColumn(
        _("key day"),
        help_text=_(
            "The first class on the main weekday: one with classes in every session, and the last one of the "
            "week if there are several."
        ),
    )
    max_day_shift = models.SmallIntegerField(
        _("day shift"),
        default=SettingDefault("DEFAULT_MAX_DAY_SHIFT"),
        validators=[MinValueValidator(-6), MaxValueValidator(6)],
        help_text=_("How many days before (negative) or after the key day other classes may meet."),
    )
    num_weeks = models.PositiveSmallIntegerField(
        _("weeks"),
        default=SettingDefault("DEFAULT_SESSION_WEEKS"),
        validators=[MinValueValidator(1), MaxValueValidator(53)],
    )
    skip_weeks = models.PositiveSmallIntegerField(
        _("skipped weeks"),
        default=0,
        validators=[MaxValueValidator(52)],
        help_text=_("Weeks without class during the session."),
    )
    flip_last_day = models.BooleanField(
        _("last class is on the earlier weekday"),
        default=False,
        help_text=_(
            "Because of skipped weeks, the session ends at the other end of the week; see the resulting dates."
        ),
    )
    break_weeks = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(52)], help_text=_("Weeks without class after the session.")
    )
    publish_date = DayColumn(_("published from"), help_text=_("First day on which the public sees it."))
    expire_date = DayColumn(
        _("published until"),
        help_text=_("Last day on which the public sees it. Leave empty to compute it from the key day."),
    )
    date_added = models.DateTimeField(auto_now_add=True)
    date_modified = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-key_day_date", "-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="classwork_session_name_once",
                violation_error_message=_("Another session has this name."),
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
