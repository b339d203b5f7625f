from django.db import models
from django.utils.translation import gettext_lazy as _

from common import links
from users.models import Student


class StudentCalendarFeed(models.Model):
    """The secret calendar address of a student. A new nonce makes the old address useless."""

    student = models.OneToOneField(Student, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed")
    nonce = models.CharField(max_length=32, default=links.new_nonce)

    class Meta:
        verbose_name = _("student's calendar")

    def __str__(self) -> str:
        return f"Calendar of {self.student}"
