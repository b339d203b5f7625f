"""The history of actions. Entries are never changed, and they are kept after their subjects are deleted."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    """An entry has no foreign keys, because it must outlive its subject and its actor."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_id = models.BigIntegerField(null=True, blank=True, help_text=_("The account that acted; empty for the site."))
    action = models.CharField(max_length=80, help_text=_("The action, such as users.role_given."))
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_type", "subject_id"]), models.Index(fields=["actor_id", "at"])]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            self._refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse()

    @property
    def action_words(self) -> str:
        return self.action.partition(".")[2].replace("_", " ")

    def _refuse(self) -> NoReturn:
        raise TypeError("History entries are never changed or deleted.")
