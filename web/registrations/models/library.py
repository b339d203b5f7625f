from django.db import models
from django.utils.translation import gettext_lazy as _

from classwork.models.resources import Resource
from registrations.models.registrations import Registration
from users.models import User


class Opening(models.Model):
    """A resource that a teacher opened for one student regardless of the plan, for example to catch up."""

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="openings")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="openings")
    date_added = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("release for one student")
        verbose_name_plural = _("releases for one student")
        constraints = [models.UniqueConstraint(fields=["registration", "resource"], name="registrations_opening_once")]

    def __str__(self) -> str:
        return f"{self.resource} for {self.registration.student}"


class LibraryVisit(models.Model):
    """Resources that opened after `new_since` are new. A second look within the same visit does not change that."""

    account = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="library_visit")
    new_since = models.DateTimeField(null=True)
    visited_at = models.DateTimeField()

    class Meta:
        verbose_name = _("library visit")
        verbose_name_plural = _("library visits")

    def __str__(self) -> str:
        return f"Library visit of {self.account}"
