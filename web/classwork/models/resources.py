"""Resources of classes and libraries, and their attachments."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from classwork.models.catalog import Subject, default_approval
from classwork.models.class_offers import ClassOffer
from common.files import private
from users.models import Staff


class ReleaseMoment(models.TextChoices):
    SIGN_UP = "sign_up", "at sign-up"
    CLASS = "class", "after a class"
    COMPLETION = "completion", "after the last class"


def week_number_field(text: str, **kwargs: Any) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        text, null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(53)], **kwargs
    )


class Resource(models.Model):
    class Kind(models.TextChoices):
        LINK = "link", "External link"
        PAGE = "page", "Page on our site"
        TEXT = "text", "Text"
        FILE = "file", "File"
        IMAGE = "image", "Picture"
        AUDIO = "audio", "Recording"
        VIDEO = "video", "Video"
        EMAIL = "email", "Email text"

    FILES = (Kind.FILE, Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)

    class Audience(models.TextChoices):
        PUBLIC = "public", "Everyone"
        STUDENT = "student", "Students"
        TEACHER = "teacher", "Teachers"
        ADMIN = "admin", "Office"

    title = models.CharField(max_length=125)
    kind = models.CharField(max_length=8, choices=Kind)
    audience = models.CharField("for", max_length=8, choices=Audience, default=Audience.STUDENT)
    when = models.CharField("opens", max_length=10, choices=ReleaseMoment, default=ReleaseMoment.CLASS)
    class_number = week_number_field("after class number")
    expires_after = week_number_field("expires after (weeks)", help_text="Leave empty for no expiry.")
    text = models.TextField(blank=True, help_text="Markdown works.")
    link = models.CharField(max_length=500, blank=True)
    file = models.FileField(storage=private.storage, upload_to="resources", blank=True, max_length=200)
    file_title = models.CharField("file name", max_length=150, blank=True, editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False)
    seconds = models.PositiveIntegerField("length", null=True, blank=True, editable=False)
    subtitles = models.FileField(storage=private.storage, upload_to="resources", blank=True, max_length=200)
    manager_approved = models.BooleanField("approved", default=default_approval)
    author = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="resources")
    date_added = models.DateTimeField(auto_now_add=True)
    date_modified = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(when="class", class_number__gte=1) | (~Q(when="class") & Q(class_number=None)),
                name="classwork_resource_after_a_class_says_which",
            ),
            models.CheckConstraint(
                condition=Q(expires_after=None) | Q(expires_after__gte=1), name="classwork_resource_expiry_positive"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["file", "image", "audio", "video"]) | Q(file=""),
                name="classwork_resource_only_files_have_one",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["file", "image", "audio", "video"]) | ~Q(file=""),
                name="classwork_resource_file_is_there",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["link", "page"]) | ~Q(link=""), name="classwork_resource_link_is_there"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["text", "email"]) | ~Q(text=""), name="classwork_resource_text_is_there"
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
        "opens",
        max_length=10,
        choices=ReleaseMoment,
        blank=True,
        help_text="Leave empty to use the setting of the resource.",
    )
    class_number = week_number_field("after class number")
    expires_after = week_number_field("gone after weeks")

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(subject=None, class_offer__isnull=False) | Q(subject__isnull=False, class_offer=None),
                name="classwork_attachment_to_one_thing",
            ),
            models.UniqueConstraint(fields=["resource", "subject"], name="classwork_attachment_once_a_subject"),
            models.UniqueConstraint(fields=["resource", "class_offer"], name="classwork_attachment_once_an_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} in {self.class_offer or self.subject}"
