"""What registrations and tickets have in common: their states, and how they begin and end."""

from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

S = TypeVar("S", bound="SpotBase")


class SpotQuerySet(models.QuerySet[S]):
    def live(self) -> Self:
        return self.filter(state__in=SpotBase.LIVE)

    def taking_a_spot(self, at: datetime) -> Self:
        """A hold counts until its last moment, whether or not the job that expires holds has run."""
        return self.live().exclude(state=SpotBase.State.HELD, held_until__lte=at)


class SpotBase(models.Model):
    class State(models.TextChoices):
        HELD = "held", _("On hold until paid")
        CONFIRMED = "confirmed", _("Registered")
        ON_HOLD = "on_hold", _("Waiting for a decision")
        EXPIRED = "expired", _("Not paid in time")
        CANCELED = "canceled", _("Canceled")
        TRANSFERRED = "transferred", _("Moved to another class")

    LIVE = (State.HELD, State.CONFIRMED, State.ON_HOLD)

    state = models.CharField(max_length=12, choices=State, editable=False)
    held_until = models.DateTimeField(null=True, blank=True, editable=False)
    role = models.CharField(max_length=30, blank=True, editable=False)
    end_reason = models.CharField(
        max_length=300, blank=True, editable=False, help_text=_("Why it ended, or was put on hold.")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def is_confirmed(self) -> bool:
        return self.state == self.State.CONFIRMED

    @property
    def is_on_hold(self) -> bool:
        return self.state == self.State.ON_HOLD

    def takes_a_spot(self, at: datetime) -> bool:
        has_expired = self.state == self.State.HELD and self.held_until is not None and self.held_until <= at
        return self.is_live and not has_expired


def state_constraints(name: str) -> list[models.BaseConstraint]:
    """A check constraint: an ended row has an end date, and a confirmed one has a confirmation date."""
    return [
        models.CheckConstraint(
            condition=Q(state__in=["held", "confirmed", "on_hold"], ended_at=None)
            | Q(state__in=["expired", "canceled", "transferred"], ended_at__isnull=False),
            name=f"{name}_ended_says_when",
        ),
        models.CheckConstraint(
            condition=~Q(state__in=["confirmed", "on_hold"]) | Q(confirmed_at__isnull=False),
            name=f"{name}_confirmed_says_when",
        ),
    ]
