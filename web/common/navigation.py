"""The ways through the site. Each app names its own in its AppConfig; a page shows those that its viewer may use.

SITE_LINKS = [("Contact", "contact")]                       for everyone
FOOTER_LINKS = [("Terms", "terms")]                         for everyone, at the foot of every page
ACCOUNT_LINKS = [("Messages", "my_messages")]               for whoever is logged in, or has the permission named third
DESK_LINKS = [("Mail", "desk_mail", "mailroom.view_message", "What was sent to whom, and what was not.", "Mail")]
                                                            its group is the last; what names none stands under "More"
HEADER = ["billing/header.html"]                            a partial for the head of every page, such as the cart
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.apps import apps
from django.urls import NoReverseMatch, reverse

GROUPS = ("Classes", "People", "Money", "Mail and texts", "System")
UNNAMED = "More"


class Link(NamedTuple):
    label: str
    url_name: str
    permission: str = ""
    about: str = ""
    group: str = UNNAMED


@dataclass(frozen=True)
class Way:
    """A link as a page shows it."""

    label: str
    url: str
    about: str
    current: bool


@dataclass(frozen=True)
class Group:
    name: str
    ways: list[Way]

    @property
    def current(self) -> bool:
        return any(way.current for way in self.ways)


@dataclass(frozen=True)
class Navigation:
    site: list[Way]
    account: list[Way]
    desk: list[Group]
    header: list[str]
    footer: list[Way]


def named(attribute: str) -> Iterator[Link]:
    """Apps stand in INSTALLED_APPS with the highest layer first; what the school offers comes before its own pages."""
    for config in reversed(list(apps.get_app_configs())):
        yield from (Link(*row) for row in getattr(config, attribute, []))


def declared(attribute: str) -> list[Link]:
    """A school may leave an app's addresses out of its URLconf: then its links are not shown."""
    return [link for link in named(attribute) if leads_somewhere(link.url_name)]


def leads_somewhere(url_name: str) -> bool:
    try:
        return bool(reverse(url_name))
    except NoReverseMatch:
        return False


def ways(links: list[Link], path: str = "") -> list[Way]:
    """The longest address that the path lies under is the current one."""
    urls = [reverse(link.url_name) for link in links]
    current = max((url for url in urls if _lies_under(path, url)), key=len, default=None)
    return [Way(link.label, url, link.about, url == current) for link, url in zip(links, urls, strict=True)]


def _lies_under(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))


def grouped(links: list[Link], path: str = "") -> list[Group]:
    """Our own groups in their order, then those that a school's own apps have named, then the rest."""
    groups: dict[str, list[Way]] = {name: [] for name in GROUPS}
    for link, way in zip(links, ways(links, path), strict=True):
        groups.setdefault(link.group, []).append(way)
    groups[UNNAMED] = groups.pop(UNNAMED, [])
    return [Group(name, found) for name, found in groups.items() if found]


def enters_desk(user: Any) -> bool:
    return user is not None and user.is_authenticated and user.has_perm("users.enter_office")


def desk_links(user: Any) -> list[Link]:
    if not enters_desk(user):
        return []
    return permitted("DESK_LINKS", user)


def permitted(attribute: str, user: Any) -> list[Link]:
    return [link for link in declared(attribute) if not link.permission or user.has_perm(link.permission)]


def navigation(user: Any, path: str) -> Navigation:
    member = user is not None and user.is_authenticated
    return Navigation(
        site=ways(declared("SITE_LINKS"), path),
        account=ways(permitted("ACCOUNT_LINKS", user), path) if member else [],
        desk=grouped(desk_links(user), path),
        footer=ways(declared("FOOTER_LINKS"), path),
        header=[template for config in apps.get_app_configs() for template in getattr(config, "HEADER", [])],
    )
