from django.db import models
from django.utils.translation import gettext as _

from common import links
from users.models import Staff


class TeacherCalendarFeed(models.Model):
    """The secret calendar address of a teacher. A new nonce makes the old address useless."""

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed")
    nonce = models.CharField(max_length=32, default=links.new_nonce)

    def __str__(self) -> str:
        return _("Calendar of %(name)s") % {"name": self.staff}
