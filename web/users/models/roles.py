"""What people may do: roles are Django's groups, and apps say what each may do from the start."""

from django.contrib.auth.models import Group
from django.db import models


class Role(Group):
    class Meta:
        proxy = True
        ordering = ["name"]


class Grant(models.Model):
    """An app's wish for a role, granted once; so that nothing an admin took away comes back."""

    role = models.CharField(max_length=150)
    permission = models.CharField(max_length=200, help_text="With its app, such as users.view_student.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "permission"], name="users_grant_once")]

    def __str__(self) -> str:
        return f"{self.role}: {self.permission}"
