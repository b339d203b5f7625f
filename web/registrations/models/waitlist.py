"""The waitlists of classes."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models import Order
from classwork.models.class_offers import ClassOffer
from common import links


class WaitlistEntryQuerySet(models.QuerySet["WaitlistEntry"]):
    def live(self) -> "WaitlistEntryQuerySet":
        return self.filter(state__in=WaitlistEntry.LIVE)

    def with_open_offer(self, at: datetime) -> "WaitlistEntryQuerySet":
        """A spot is reserved for these entries until their deadline."""
        return self.filter(state=WaitlistEntry.State.OFFERED, offer_expires_at__gt=at)

    def visible_to(self, user: object) -> "WaitlistEntryQuerySet":
        return self.filter(account=user) if getattr(user, "is_authenticated", False) else self.none()


class WaitlistEntry(models.Model):
    """One or two people who wait for spots together. An ended entry stays ended, and joining again creates a new
    entry."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        OFFERED = "offered", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Offer expired")
        LEFT = "left", _("Left the list")
        CLOSED = "closed", _("Class ended")

    LIVE = (State.WAITING, State.OFFERED)

    class_offer = models.ForeignKey(
        ClassOffer, on_delete=models.PROTECT, related_name="waitlist_entries", verbose_name=_("class")
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, editable=False)
    people = models.JSONField(
        editable=False, help_text=_("The people who want to join, stored like the attendees of a cart line.")
    )
    requested_roles = models.JSONField(
        default=list, editable=False, help_text=_("The role of each person; empty if the class has no roles.")
    )
    offered_roles = models.JSONField(
        default=list, editable=False, help_text=_("The roles of the spots they were offered.")
    )
    size = models.PositiveSmallIntegerField(editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="waitlist_entries"
    )
    contact_name = models.CharField(max_length=200)
    contact_email = models.EmailField()
    person_key = models.CharField(max_length=500, editable=False)
    nonce = models.CharField(max_length=32, default=links.new_nonce, editable=False)
    position = models.BigIntegerField(editable=False, db_index=True, help_text=_("Earlier ones come first."))
    offer_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    skip_rule = models.CharField(
        max_length=20, blank=True, editable=False, help_text=_("The rule by which they are skipped for now.")
    )
    skip_role = models.CharField(max_length=30, blank=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        ordering = ["class_offer", "position", "id"]
        verbose_name = _("waitlist entry")
        verbose_name_plural = _("waitlist entries")
        constraints = [
            models.UniqueConstraint(
                fields=["class_offer", "person_key"],
                condition=Q(state__in=["waiting", "offered"]),
                name="registrations_waitlist_entry_once",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", offer_expires_at__isnull=False) | ~Q(state="offered"),
                name="registrations_waitlist_offer_has_deadline",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "offered"], ended_at=None)
                | Q(ended_at__isnull=False) & ~Q(state__in=["waiting", "offered"]),
                name="registrations_waitlist_entry_ended_has_time",
            ),
            models.CheckConstraint(condition=Q(size__in=[1, 2]), name="registrations_waitlist_entry_one_or_two"),
        ]
        permissions = [("arrange_waitlist", "Can offer spots out of turn and reorder the waitlist")]

    def __str__(self) -> str:
        return f"{self.contact_name}, waiting for {self.class_offer}"

    def has_open_offer(self, at: datetime) -> bool:
        return self.state == self.State.OFFERED and self.offer_expires_at is not None and self.offer_expires_at > at

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE


class WaitlistWalk(models.Model):
    """The log of one pass over the waitlist of a class, with its input and result, so that it can be replayed."""

    class_offer = models.ForeignKey(ClassOffer, on_delete=models.CASCADE, related_name="walks")
    created_at = models.DateTimeField(auto_now_add=True)
    given = models.JSONField(help_text=_("The input: rules, taken spots, and entries in order."))
    steps = models.JSONField(help_text=_("Who was offered a spot, who was skipped and by which rule."))

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Walk {self.pk}"
