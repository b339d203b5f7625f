"""Events and their deliveries to receivers."""

from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from outbox import registry
from outbox.declare import PayloadInvalid


class Event(models.Model):
    """Something that happened, stored in the transaction of the change that it reports."""

    type = models.CharField(max_length=80)
    key = models.CharField(max_length=120, help_text=_("Events with the same type and key are stored once."))
    subject_type = models.CharField("about", max_length=40)
    subject_id = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    cause = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="effects")
    cause_by = models.CharField(
        _("emitted by"), max_length=200, blank=True, help_text=_("The receiver, page, job or command that emitted it.")
    )
    request_id = models.CharField(max_length=32, blank=True, help_text=_("The web request or run that began it all."))
    now = models.JSONField(
        _("immediate receivers"),
        default=list,
        blank=True,
        help_text=_("The receivers that ran in the same transaction."),
    )
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["subject_type", "subject_id"])]
        constraints = [models.UniqueConstraint(fields=["type", "key"], name="outbox_event_once")]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"

    @property
    def subject_name(self) -> str:
        return f"{self.subject_type} {self.subject_id}"

    @property
    def cause_name(self) -> str:
        return self.cause_by.rpartition(".")[2]

    @property
    def now_names(self) -> list[str]:
        return [path.rpartition(".")[2] for path in self.now]

    @cached_property
    def payload(self) -> Any:
        declared = registry.event_types().get(self.type)
        if declared is None:
            raise PayloadInvalid(f"{self.type} is no longer declared.")
        return declared.unpack(self.data)


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    PARKED = "parked", _("Failed")
    DISMISSED = "dismissed", _("Dismissed")


OPEN = [DeliveryState.WAITING, DeliveryState.RUNNING]


class Delivery(models.Model):
    """The delivery of an event to one receiver.

    `due_at` is when a worker may next lease it: the time of the next try or, while it runs, the end of the lease. It is
    empty when nothing is left to do, so that a small index finds all open deliveries.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    receiver = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    due_at = models.DateTimeField(default=timezone.now, null=True, blank=True, db_index=True)
    lease = models.CharField(max_length=32, blank=True, help_text=_("The worker that runs it."))
    tries = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    reason = models.TextField(blank=True, help_text=_("Why it failed or was dismissed."))
    sent_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was last handed to Celery."))

    STATES: ClassVar[type[DeliveryState]] = DeliveryState

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["id"]
        permissions = [("handle_delivery", _("Can retry or dismiss failed jobs"))]
        indexes = [models.Index(fields=["state", "ended_at"])]
        constraints = [
            models.UniqueConstraint(fields=["event", "receiver"], name="outbox_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, due_at__isnull=False) | (~Q(state__in=OPEN) & Q(due_at__isnull=True)),
                name="outbox_delivery_open_is_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.receiver}"

    @property
    def short_name(self) -> str:
        return self.receiver.rpartition(".")[2]

    @property
    def tone(self) -> str:
        return {DeliveryState.DONE: "good", DeliveryState.PARKED: "bad"}.get(DeliveryState(self.state), "")

    @property
    def is_waiting(self) -> bool:
        return self.state == DeliveryState.WAITING

    @property
    def is_done(self) -> bool:
        return self.state == DeliveryState.DONE

    @property
    def error_summary(self) -> str:
        return self.reason or self.error.partition("\n")[0]


class Attempt(models.Model):
    """A try that did not succeed. A successful try is recorded in the delivery itself."""

    class Outcome(models.TextChoices):
        RETRY = "retry", _("Failed, will retry")
        PARKED = "parked", _("Failed")
        LOST = "lost", _("The worker disappeared")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.outcome}"


class JobRow(models.Model):
    """The state of a periodic job. While it runs, `due_at` is the end of its lease, as with a delivery."""

    name = models.CharField(max_length=120, unique=True)
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.CharField(max_length=32, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text=_("Failures in a row; 0 after a success."))
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("periodic job")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Worker(models.Model):
    """A process that delivers events, and the time of its last heartbeat."""

    name = models.CharField(max_length=120, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
