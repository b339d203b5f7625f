"""What every test starts from: the fixed people of the school."""

from typing import ClassVar

from django.test import TestCase

from tests import make
from users.models import User

PASSWORD = "correct horse battery"


class SchoolTestCase(TestCase):
    """Alice (student), Gus (guardian of Kit), Tess (teacher), Ash (assistant), Ada (admin) and Sam (a stranger)."""

    alice: ClassVar[User]
    gus: ClassVar[User]
    sam: ClassVar[User]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.alice = make.account("alice@example.org", "Alice", "Arden", PASSWORD)
        cls.gus = make.account("gus@example.org", "Gus", "Gray", PASSWORD)
        cls.sam = make.account("sam@example.org", "Sam", "Stranger", PASSWORD)
