"""Roles, which are Django's groups, and the permissions that they have been granted."""

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(Group):
    class Meta:
        proxy = True
        ordering = ["name"]


class Grant(models.Model):
    """A declared permission is granted to a role only once, so that it stays removed when an admin removes it."""

    role = models.CharField(max_length=150)
    permission = models.CharField(max_length=200, help_text=_("With its app, such as users.view_student."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "permission"], name="users_grant_once")]

    def __str__(self) -> str:
        return f"{self.role}: {self.permission}"
