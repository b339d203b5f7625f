"""Resources of classes and libraries, and their attachments."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classwork.models.catalog import Subject, count_field
from classwork.models.class_offers import ClassOffer
from common.defaults import SettingDefault
from common.files import private
from users.models import Staff


class ReleaseMoment(models.TextChoices):
    SIGN_UP = "sign_up", _("at sign-up")
    CLASS = "class", _("after a class")
    COMPLETION = "completion", _("after the last class")


WEEK_NUMBER = [MinValueValidator(1), MaxValueValidator(53)]


class Resource(models.Model):
    class Kind(models.TextChoices):
        LINK = "link", _("External link")
        PAGE = "page", _("Page on our site")
        TEXT = "text", _("Text")
        FILE = "file", _("File")
        IMAGE = "image", _("Picture")
        AUDIO = "audio", _("Recording")
        VIDEO = "video", _("Video")
        EMAIL = "email", _("Email text")

    FILES = (Kind.FILE, Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Everyone")
        STUDENT = "student", _("Students")
        TEACHER = "teacher", _("Teachers")
        ADMIN = "admin", _("Office")

    title = models.CharField(max_length=125)
    kind = models.CharField(max_length=8, choices=Kind)
    audience = models.CharField(_("for"), max_length=8, choices=Audience, default=Audience.STUDENT)
    when = models.CharField(_("opens"), max_length=10, choices=ReleaseMoment, default=ReleaseMoment.CLASS)
    class_number = count_field(_("after class number"), validators=WEEK_NUMBER)
    expires_after = count_field(
        _("expires after (weeks)"), validators=WEEK_NUMBER, help_text=_("Leave empty for no expiry.")
    )
    text = models.TextField(blank=True, help_text=_("Markdown works."))
    link = models.CharField(max_length=500, blank=True)
    file = models.FileField(storage=private.storage, upload_to="resources", blank=True, max_length=200)
    file_title = models.CharField(_("file name"), max_length=150, blank=True, editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False)
    seconds = models.PositiveIntegerField(_("length"), null=True, blank=True, editable=False)
    subtitles = models.FileField(storage=private.storage, upload_to="resources", blank=True, max_length=200)
    manager_approved = models.BooleanField(_("approved"), default=SettingDefault("ASSUME_CLASS_APPROVE"))
    author = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="resources")
    date_added = models.DateTimeField(auto_now_add=True)
    date_modified = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(when="class", class_number__gte=1) | (~Q(when="class") & Q(class_number=None)),
                name="classwork_resource_class_number_given",
            ),
            models.CheckConstraint(
                condition=Q(expires_after=None) | Q(expires_after__gte=1), name="classwork_resource_expiry_positive"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["file", "image", "audio", "video"]) | Q(file=""),
                name="classwork_resource_only_files_have_file",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["file", "image", "audio", "video"]) | ~Q(file=""),
                name="classwork_resource_has_file",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["link", "page"]) | ~Q(link=""), name="classwork_resource_has_link"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["text", "email"]) | ~Q(text=""), name="classwork_resource_has_text"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_for_students(self) -> bool:
        return self.audience == self.Audience.STUDENT


class Attachment(models.Model):
    """Attaches a resource to a class or subject. A class may override or hide a resource of its subject."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="attachments")
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments")
    class_offer = models.ForeignKey(
        ClassOffer, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    position = models.PositiveSmallIntegerField(default=0)
    hidden = models.BooleanField(default=False)
    when = models.CharField(
        _("opens"),
        max_length=10,
        choices=ReleaseMoment,
        blank=True,
        help_text=_("Leave empty to use the setting of the resource."),
    )
    class_number = count_field(_("after class number"), validators=WEEK_NUMBER)
    expires_after = count_field(_("expires after (weeks)"), validators=WEEK_NUMBER)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject=None, class_offer__isnull=False) | Q(subject__isnull=False, class_offer=None),
                name="classwork_attachment_to_one_thing",
            ),
            models.UniqueConstraint(fields=["resource", "subject"], name="classwork_attachment_once_per_subject"),
            models.UniqueConstraint(fields=["resource", "class_offer"], name="classwork_attachment_once_per_class"),
        ]

    def __str__(self) -> str:
        thing = self.class_offer or self.subject
        return gettext("%(resource)s in %(class)s") % {"resource": self.resource, "class": thing}
