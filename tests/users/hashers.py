from typing import Any, ClassVar

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    """Counts password hashes, which take longer than everything else that a page does."""

    count: ClassVar[int] = 0

    def encode(self, password: str, salt: str) -> Any:
        type(self).count += 1
        return super().encode(password, salt)
