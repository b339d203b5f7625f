"""Tickets: a student's spot in one meeting of a class."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import OrderLine
from classwork.models.catalog import Subject
from classwork.models.class_offers import ClassOffer, Meeting
from common import links
from registrations.models.spots import SpotBase, SpotQuerySet, state_constraints
from users.models import Staff, Student, User


class TicketQuerySet(SpotQuerySet["Ticket"]):
    def confirmed(self) -> "TicketQuerySet":
        """Tickets that admit someone. A ticket that was exchanged for a spot does not."""
        return self.filter(state=SpotBase.State.CONFIRMED)

    def taught_by(self, staff: Staff) -> "TicketQuerySet":
        return self.filter(meeting__class_offer__in=ClassOffer.objects.taught_by(staff))

    def visible_to(self, user: User) -> "TicketQuerySet":
        return self.filter(student__in=Student.objects.ids_of(user))

    def for_lists(self) -> "TicketQuerySet":
        return self.select_related(
            "student__user", "student__guardian", "line__order", "meeting__location",
            "meeting__class_offer__subject__level", "meeting__class_offer__session", "meeting__class_offer__location",
        ).prefetch_related("line__order__payments__disputes")  # fmt: skip


class Ticket(SpotBase):
    """A drop-in, or a trial if it says what is tried."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="tickets")
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("class day"))
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="tickets", editable=False)
    trial_of = models.ForeignKey(
        Subject,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="trials",
        help_text=_("Leave empty for a drop-in."),
    )
    nonce = models.CharField(max_length=32, default=links.new_nonce, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["meeting__starts_at", "id"]
        indexes = [models.Index(fields=["meeting", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "meeting"],
                condition=Q(state__in=["held", "confirmed", "on_hold"]),
                name="registrations_ticket_once",
            ),
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(state__in=["held", "confirmed", "on_hold"]),
                name="registrations_ticket_once_per_line",
            ),
            models.UniqueConstraint(
                fields=["student", "trial_of"],
                condition=Q(state__in=["held", "confirmed", "on_hold", "transferred"]),
                name="registrations_trial_once_per_subject",
            ),
            *state_constraints("registrations_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.student}, {self.kind_text} for {self.meeting}"

    @property
    def class_offer(self) -> ClassOffer:
        return self.meeting.class_offer

    @property
    def class_offer_id(self) -> int:
        return self.meeting.class_offer_id

    @property
    def is_trial(self) -> bool:
        return self.trial_of_id is not None

    @property
    def kind_text(self) -> str:
        return gettext("trial") if self.is_trial else gettext("drop-in")
