"""What tests start from: the fixed people of the school, logging in, counting queries."""

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import ClassVar
from urllib.parse import urlsplit

from django.db import connection
from django.http import HttpResponse
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext

from classwork.models import ClassOffer, Location, Session
from tests import factories
from tests.factories import PASSWORD
from users.models import Student, User

__all__ = ["BACKEND", "PASSWORD", "SchoolTestCase"]

BACKEND = "users.backends.PermissionBackend"
MOST_QUERIES = 12


class SchoolTestCase(TestCase):
    """Alice (student), Gus (guardian of Kit), Tess (teacher), Ash (assistant), Ada (admin) and Sam (a stranger).

    Tess teaches the one open class, on Tuesdays at seven in Grange Hall.
    """

    school: ClassVar[SimpleNamespace]
    alice: ClassVar[User]
    student: ClassVar[Student]
    gus: ClassVar[User]
    kit: ClassVar[Student]
    tess: ClassVar[User]
    ash: ClassVar[User]
    ada: ClassVar[User]
    sam: ClassVar[User]
    session: ClassVar[Session]
    hall: ClassVar[Location]
    class_offer: ClassVar[ClassOffer]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.school = factories.create_school()
        for name, person in vars(cls.school).items():
            setattr(cls, name, person)

    def log_in(self, user: User) -> User:
        """From here on `self.client` is this person's browser."""
        self.client.force_login(user, BACKEND)
        return user

    def browser_of(self, user: User | None) -> Client:
        """A browser of its own, for tests in which several people act; None is a visitor."""
        client = Client()
        if user is not None:
            client.force_login(user, BACKEND)
        return client

    def assertSentTo(self, response: HttpResponse, address: str) -> None:
        """To this page, which opens. A signed address carries the second it was made in, so the key is not compared."""
        self.assertEqual(response.status_code, 302)
        self.assertEqual(urlsplit(response.headers["Location"]).path, urlsplit(address).path)
        self.assertEqual(self.client.get(response.headers["Location"]).status_code, 200)

    def assertSameQueries(self, url: str, make_rows: Callable[[int], object], *, exactly: int | None = None) -> None:
        """A list page asks the database as often for thirty rows as for one, and at most twelve times.

        `make_rows(count)` adds that many rows to what the page lists; it is called with 1 and then with 29.
        """
        make_rows(1)
        self._queries_of(url)  # fills what is cached for good, such as content types
        one = self._queries_of(url)
        make_rows(29)
        thirty = self._queries_of(url)
        grown = Counter(map(shape, thirty)) - Counter(map(shape, one))
        self.assertEqual(len(one), len(thirty), "asked more often: " + "; ".join(grown))
        if exactly is None:
            self.assertLessEqual(len(one), MOST_QUERIES, "\n".join(one))
        else:
            self.assertEqual(len(one), exactly, "\n".join(one))

    def _queries_of(self, url: str) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = self.client.get(url)
        self.assertEqual(response.status_code, 200, url)
        return [query["sql"] for query in captured.captured_queries]


def shape(sql: str) -> str:
    """A query without its values, so that the same question about two rows counts as one."""
    return sql.partition(" WHERE ")[0][:300]
