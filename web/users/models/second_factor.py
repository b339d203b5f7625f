from django.db import models

from users.models.people import User


class RecoveryCode(models.Model):
    """Replaces the phone once. Codes are long and random, so that a plain digest is safe."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="users_recovery_code_once")]

    def __str__(self) -> str:
        return f"a recovery code of account {self.user_id}"
