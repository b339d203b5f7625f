"""Proposals of teachers: a new subject or class, or a change to an approved one."""

from typing import cast

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from classwork.models.catalog import Subject
from classwork.models.class_offers import ClassOffer
from users.models import Staff


class Proposal(models.Model):
    """A proposal is about one subject or one class offer. Without `changes` it asks for approval of the subject or
    class."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waiting for an answer")
        ANSWERED = "answered", _("Answered: please review")
        APPROVED = "approved", _("Approved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    OPEN = (State.DRAFT, State.SUBMITTED, State.ANSWERED)

    author = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="proposals")
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals")
    class_offer = models.ForeignKey(
        ClassOffer, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals"
    )
    changes = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    message = models.TextField(_("message to the office"), blank=True)
    answer = models.TextField(_("answer from the office"), blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    date_added = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("decide_proposal", _("Can decide on teachers' proposals"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__isnull=True, class_offer__isnull=False)
                | Q(subject__isnull=False, class_offer__isnull=True),
                name="classwork_proposal_about_one_thing",
            ),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(state__in=["draft", "submitted", "answered"]),
                name="classwork_proposal_one_open_per_subject",
            ),
            models.UniqueConstraint(
                fields=["class_offer"],
                condition=Q(state__in=["draft", "submitted", "answered"]),
                name="classwork_proposal_one_open_per_class",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about} ({self.get_state_display()})"

    @property
    def about(self) -> Subject | ClassOffer:
        if self.class_offer is not None:
            return self.class_offer
        return cast(Subject, self.subject)  # A constraint ensures that it is one of the two.

    @property
    def is_overtaken(self) -> bool:
        """The office approved the subject or class in the admin while the proposal was open."""
        return self.is_open and not self.changes and self.about.manager_approved

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
