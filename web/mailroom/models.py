"""Messages, custom mail texts, mail preferences and blocked addresses."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.formats import format_date
from mailroom import registry
from mailroom.declare import Mail, MailKind


class MessageState(models.TextChoices):
    DRAFTED = "drafted", _("Drafted")
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    PERHAPS = "perhaps", _("Possibly sent")
    SUPPRESSED = "suppressed", _("Not sent")
    PARKED = "parked", _("Failed")
    BOUNCED = "bounced", _("Bounced")


LONGEST_ADDRESS = 254
OPEN = [MessageState.DRAFTED, MessageState.QUEUED, MessageState.SENDING]
TONES: dict[str, str] = {
    MessageState.SENT: "good",
    MessageState.PERHAPS: "warn",
    MessageState.PARKED: "bad",
    MessageState.BOUNCED: "bad",
}
STATES_WITH_REASON = [MessageState.SUPPRESSED, MessageState.PARKED, MessageState.BOUNCED]


class Message(models.Model):
    """One mail to one address. The rows that are queued are the queue that workers send.

    Until it is sent, `data` holds only the ids from which its text is made. `subject`, `text` and `html` are what was
    sent, except for secret links and codes; `html` is without the frame that all mails share.
    """

    template = models.CharField(_("mail"), max_length=80)
    to = models.EmailField(_("address"), max_length=LONGEST_ADDRESS)
    key = models.CharField(max_length=120, help_text=_("Prevents sending the same email twice."))
    kind = models.CharField(max_length=15, choices=MailKind.choices)
    person_id = models.BigIntegerField(_("account"), null=True, blank=True, db_index=True)
    about_type = models.CharField(max_length=40, blank=True)
    about_id = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=MessageState.choices)
    due_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text=_("When it may be sent; empty unless it is waiting.")
    )
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it was not sent, or what went wrong."))
    tries = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=0, help_text=_("How often it was resent."))
    lease = models.CharField(max_length=32, blank=True, help_text=_("The worker that is sending it."))
    provider_id = models.CharField(max_length=120, blank=True, db_index=True)
    drafted_at = models.DateTimeField(default=timezone.now, db_index=True)
    changed_at = models.DateTimeField(default=timezone.now)

    STATES: ClassVar[type[MessageState]] = MessageState

    class Meta:
        ordering = ["-id"]
        permissions = [("resend_message", _("Can resend emails"))]
        indexes = [
            models.Index(fields=["state", "changed_at"]),
            models.Index(fields=["about_type", "about_id"]),
            models.Index(fields=["to"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["template", "to", "key"], name="mailroom_message_once"),
            models.CheckConstraint(
                condition=~Q(state__in=STATES_WITH_REASON) | ~Q(reason=""), name="mailroom_message_state_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state=MessageState.SENDING) | ~Q(lease=""), name="mailroom_message_sending_has_lease"
            ),
            models.CheckConstraint(
                condition=Q(state=MessageState.QUEUED, due_at__isnull=False)
                | (~Q(state=MessageState.QUEUED) & Q(due_at__isnull=True)),
                name="mailroom_message_queued_is_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.pk}"

    @property
    def mail(self) -> Mail | None:
        """The declaration of the mail, or None if no installed app declares it anymore."""
        return registry.declared_mails().get(self.template)

    @property
    def title(self) -> str:
        return str(self.mail.title) if self.mail else self.template

    @property
    def is_under_way(self) -> bool:
        return self.state in OPEN

    @property
    def tone(self) -> str:
        return TONES.get(self.state, "")

    @property
    def is_queued(self) -> bool:
        return self.state == MessageState.QUEUED

    @property
    def is_uncertain(self) -> bool:
        return self.state == MessageState.PERHAPS

    @property
    def is_suppressed(self) -> bool:
        return self.state == MessageState.SUPPRESSED

    @property
    def has_bounced(self) -> bool:
        return self.state == MessageState.BOUNCED

    @property
    def has_failed(self) -> bool:
        return self.has_bounced or self.state == MessageState.PARKED

    @property
    def delivery_text(self) -> str:
        if self.is_suppressed:
            return gettext("Not emailed")
        sentence = gettext("Sent to %(address)s, but bounced") if self.has_bounced else gettext("Sent to %(address)s")
        return sentence % {"address": self.to}

    @property
    def display_subject(self) -> str:
        # A mail that was never sent has no subject yet.
        return self.subject or self.title


class Template(models.Model):
    """The school's own text of a mail, which replaces that of the file."""

    name = models.CharField(_("mail"), max_length=80, unique=True)
    subject = models.CharField(max_length=200)
    body = models.TextField(_("text"), max_length=20000)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("email text")
        verbose_name_plural = _("email texts")
        ordering = ["name"]

    def __str__(self) -> str:
        mail = registry.declared_mails().get(self.name)
        return str(mail.title) if mail else self.name


class Preference(models.Model):
    """Whether an address wants a kind of mail. Without a row, the default applies."""

    email = models.EmailField(_("address"), max_length=254)
    kind = models.CharField(max_length=15, choices=MailKind.choices)
    wanted = models.BooleanField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["email", "kind"]
        constraints = [models.UniqueConstraint(fields=["email", "kind"], name="mailroom_preference_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {'yes' if self.wanted else 'no'}"


class Suppression(models.Model):
    """A blocked address, such as one that bounced or whose owner reported spam. Unblocking it keeps the row."""

    class Cause(models.TextChoices):
        BOUNCE = "bounce", _("Email bounced")
        COMPLAINT = "complaint", _("Reported as spam")
        OFFICE = "office", _("Blocked by the office")

    email = models.EmailField(_("address"), max_length=254, db_index=True)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    detail = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-id"]
        permissions = [("lift_suppression", _("Can unblock addresses"))]
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=Q(lifted_at=None), name="mailroom_suppressed_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()}, {format_date(self.since)}"
