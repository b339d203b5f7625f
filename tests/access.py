"""Who may open which address: the form of the tables in tests/<app>/access.py.

    from tests.access import EVERYBODY, MEMBERS, Row

    def stage(school):
        school.letter = Message.objects.create(to=school.alice.email)

    ROWS = [
        #                visitor student guardian teacher assistant admin
        Row("home",       "200    200     200      200     200       200"),
        Row("contact",    EVERYBODY, post=EVERYBODY),
        Row("my_message", "login  200     404      404     404       404", args=lambda school: [school.letter.pk]),
    ]

A word for each role: a status, or `login` for being sent to the log-in page. `post` says the same for a POST with
`data`; a row without `post` promises that whoever may GET is told 405, and that nobody gets further than by GET.
`stage`, where an app needs one, adds its rows to the school of tests/base.py, once for all tables.
tests/test_access.py fails for an address without a row and for a row without an address; tests/browser/test_pages.py
opens every page that a role may see.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

ROLES = ("visitor", "student", "guardian", "teacher", "assistant", "admin")
PERSON = dict(zip(ROLES, (None, "alice", "gus", "tess", "ash", "ada"), strict=True))

EVERYBODY = "200   200 200 200 200 200"
VISITORS = "200   302 302 302 302 302"
MEMBERS = "login 200 200 200 200 200"
STAFF = "login 403 403 200 200 200"
OFFICE = "login 403 403 403 403 200"


@dataclass(frozen=True)
class Row:
    name: str  # a URL name, or a path that begins with a stroke
    get: str
    post: str = ""
    args: Callable[[SimpleNamespace], list[Any]] = lambda school: []
    data: Callable[[SimpleNamespace], Mapping[str, Any]] = lambda school: {}
    query: str = ""  # what follows the path, such as "?page=2"
    note: str = ""  # tells rows of one name apart: "another person's"
    browse: bool = field(default=True, kw_only=True)  # False: no page for people (a feed, a download, an endpoint)
    writes: str = field(default="", kw_only=True)  # what a GET writes; without it, a GET writes nothing

    def __str__(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name

    def path(self, school: SimpleNamespace) -> str:
        path = self.name if self.name.startswith("/") else reverse(self.name, args=self.args(school))
        return path + self.query

    def expected(self, method: str, role: str) -> str:
        if method == "post" and not self.post:
            word = self.expected("get", role)
            return "405" if word.startswith("2") else f"{word}|405"
        words = getattr(self, method).split()
        if len(words) != len(ROLES):
            raise ValueError(f"{self}: {method} needs a word for each of {', '.join(ROLES)}.")
        return str(words[ROLES.index(role)])


def tables() -> list[ModuleType]:
    folder = Path(__file__).resolve().parent
    return [import_module(f"tests.{path.parent.name}.access") for path in sorted(folder.glob("*/access.py"))]


def rows() -> list[Row]:
    return [row for table in tables() for row in table.ROWS]


def set_stage(school: SimpleNamespace) -> None:
    for table in tables():
        if hasattr(table, "stage"):
            table.stage(school)


def routes(patterns: list[Any] | None = None, before: str = "", admin: bool = False) -> Iterator[str]:
    """Every route of the URLconf as `ResolverMatch.route` spells it; the admin's only when asked."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        elif isinstance(entry, URLResolver) and (admin or entry.app_name != "admin"):
            yield from routes(entry.url_patterns, route, admin)
