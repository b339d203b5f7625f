from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from users.models import Student, User


class LevelOverride(models.Model):
    """A level that a person set, for example for someone who learned elsewhere. It overrides the computed level."""

    student = models.OneToOneField(Student, on_delete=models.CASCADE, primary_key=True, related_name="level_override")
    number = models.DecimalField(_("level"), max_digits=4, decimal_places=1)
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("level set by staff")
        verbose_name_plural = _("levels set by staff")
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=0), name="registrations_level_override_not_negative")
        ]
        permissions = [("set_level", "Can set a student's level")]

    def __str__(self) -> str:
        return f"{self.student}: {self.number}"
