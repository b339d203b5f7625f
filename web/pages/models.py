"""The texts of the site, and the messages that people write to the school."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.formats import format_date


class SiteContent(models.Model):
    """A text of the site. Only the office sees the draft, and the public sees the latest edition."""

    key = models.CharField(
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9_]*\Z", _("Use lowercase letters, digits and underscores: business_about."))
        ],
        help_text=_("Where the text appears: home, business_about, terms or privacy."),
    )
    title = models.CharField(max_length=120)
    draft = models.TextField(
        _("text"),
        max_length=20000,
        blank=True,
        help_text=_("Markdown: **bold**, *italic*, ## heading, - list, [link](address)."),
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("site text")
        verbose_name_plural = _("site texts")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.title


class Edition(models.Model):
    """A text as it was published. It never changes, because people agree to the terms by their number."""

    content = models.ForeignKey(SiteContent, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["content", "number"], name="pages_edition_number_once")]

    def __str__(self) -> str:
        return gettext("%(title)s, edition %(number)s") % {"title": self.title, "number": self.number}


class ContactMessage(models.Model):
    """A message to the school from the contact page."""

    name = models.CharField(_("your name"), max_length=120)
    email = models.EmailField(_("your email"), max_length=254)
    text = models.TextField(_("your message"), max_length=5000)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    sent_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("message to the school")
        verbose_name_plural = _("messages to the school")
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_by=None) | Q(answered_at__isnull=False), name="pages_contact_answered_by_at"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {format_date(self.sent_at)}"
