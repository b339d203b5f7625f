"""When resources of a class open, which ones a teacher opened for one student, and the last visit of an account."""

from datetime import date, datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.models.class_offers import ClassOffer
from classwork.models.resources import Resource
from common import dates
from common.formats import format_date, format_moment


class ReleaseQuerySet(models.QuerySet["Release"]):
    def for_students(self) -> "ReleaseQuerySet":
        """Resources that a spot can open. Texts for the class mail have no page."""
        audience = [Resource.Audience.STUDENT, Resource.Audience.PUBLIC]
        approved = self.filter(resource__manager_approved=True, resource__audience__in=audience)
        return approved.exclude(resource__kind=Resource.Kind.EMAIL)

    def open_to_all(self, at: datetime) -> "ReleaseQuerySet":
        """Open by plan or by a teacher. What opens on registration is only for registered students."""
        has_opened = Q(opens_at__lte=at) | Q(released_at__lte=at)
        is_not_expired = Q(last_day=None) | Q(last_day__gte=dates.to_local_time(at).date())
        return self.filter(has_opened, is_not_expired, held_at=None)


class Release(models.Model):
    """Rebuilt from the schedule. Only `released_at` and `held_at` are set by people."""

    class_offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="releases")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="releases")
    opens_at = models.DateTimeField(null=True, blank=True, help_text=_("Leave empty to open on registration."))
    class_number = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Number of the class after which it opens.")
    )
    position = models.PositiveSmallIntegerField(default=0)
    last_day = models.DateField(null=True, blank=True, help_text=_("Last day it is open. Leave empty for no expiry."))
    released_at = models.DateTimeField(_("released early"), null=True, blank=True)
    held_at = models.DateTimeField(_("on hold since"), null=True, blank=True)
    date_added = models.DateTimeField(auto_now_add=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["opens_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["class_offer", "resource"], name="classwork_release_once"),
            models.CheckConstraint(
                condition=Q(released_at=None) | Q(held_at=None), name="classwork_release_not_both_released_and_held"
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(resource)s in %(class)s") % {"resource": self.resource, "class": self.class_offer}

    @property
    def begins_at(self) -> datetime | None:
        """The earlier of the planned moment and the release by a teacher. None means on registration."""
        if self.opens_at is None or self.released_at is None:
            return self.opens_at
        return min(self.opens_at, self.released_at)

    @property
    def week(self) -> str:
        if self.class_number:
            return gettext("After class %(number)s") % {"number": self.class_number}
        return gettext("After the last class") if self.opens_at else gettext("From the start")

    @property
    def is_changed(self) -> bool:
        return self.held_at is not None or self.released_at is not None

    def is_ahead(self, at: datetime) -> bool:
        return self.opens_at is not None and self.opens_at > at

    def plan_in_words(self, at: datetime) -> str:
        if self.opens_at is None:
            text = gettext("Opens with the registration.")
            text_with_expiry = gettext("Opens with the registration; its last day is %(last_day)s.")
        elif self.is_ahead(at):
            text = gettext("Opens %(moment)s.")
            text_with_expiry = gettext("Opens %(moment)s; its last day is %(last_day)s.")
        else:
            text = gettext("Open since %(moment)s.")
            text_with_expiry = gettext("Open since %(moment)s; its last day is %(last_day)s.")
        moment = format_moment(self.opens_at) if self.opens_at else ""
        if self.last_day is None:
            return text % {"moment": moment}
        return text_with_expiry % {"moment": moment, "last_day": format_date(self.last_day)}

    def is_over(self, today: date) -> bool:
        return self.last_day is not None and self.last_day < today
