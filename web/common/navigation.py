"""The links of the menus. Each app declares its own in `<app>/navigation.py`, and a page shows the permitted ones.

SITE_LINKS, FOOTER_LINKS      are shown to everyone in the header and footer of every page
ACCOUNT_LINKS                 are shown to users who are logged in and have the permission of the link or of its page
DESK_LINKS                    are shown to the office in the same way, by group
HEADER_TEMPLATES              are partials for the header of every page, such as the cart
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.app_modules import app_modules
from common.permissions import PERMISSION

CLASSES, PEOPLE, MONEY, MAIL_AND_TEXTS, SYSTEM = GROUPS = (
    _("Classes"),
    _("People"),
    _("Money"),
    _("Mail and texts"),
    _("System"),
)
OTHER = _("More")


@dataclass(frozen=True)
class NavLink:
    label: str | Promise
    url_name: str
    about: str | Promise = ""
    group: str | Promise = OTHER
    position: int = 100
    """Menus and groups are sorted by it."""
    permission: str = ""
    """Without it, the link is shown to those who may open the page."""
    is_shown: Callable[[], bool] | None = None
    """It is called for each page. Without it, the link is always shown."""


@dataclass(frozen=True)
class NavItem:
    """A link as a page shows it."""

    label: str | Promise
    url: str
    about: str | Promise
    current: bool


@dataclass(frozen=True)
class NavGroup:
    name: str | Promise
    items: list[NavItem]

    @property
    def current(self) -> bool:
        return any(item.current for item in self.items)


@dataclass(frozen=True)
class Navigation:
    site: list[NavItem]
    account: list[NavItem]
    desk: list[NavGroup]
    header: list[str]
    footer: list[NavItem]


def declared_links(attribute: str) -> list[NavLink]:
    # Links with the same position are listed in the order of the apps, from the lowest to the highest.
    modules = reversed(app_modules("navigation"))
    return sorted(
        (link for module in modules for link in getattr(module, attribute, [])), key=lambda link: link.position
    )


def reachable_links(attribute: str) -> list[NavLink]:
    # If a school leaves an app out of its URLconf, the links of that app are not shown.
    links = declared_links(attribute)
    return [link for link in links if (link.is_shown is None or link.is_shown()) and has_url(link.url_name)]


def has_url(url_name: str) -> bool:
    try:
        return bool(reverse(url_name))
    except NoReverseMatch:
        return False


def nav_items(links: list[NavLink], path: str = "") -> list[NavItem]:
    """The current item is the one with the longest address that contains the path."""
    urls = [reverse(link.url_name) for link in links]
    containing = [url for url in urls if path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))]
    current = max(containing, key=len, default=None)
    return [NavItem(link.label, url, link.about, url == current) for link, url in zip(links, urls, strict=True)]


def group_items(links: list[NavLink], path: str = "") -> list[NavGroup]:
    """The groups of hepcat come first in a fixed order, then the groups of other apps, then all other links."""
    groups: dict[str | Promise, list[NavItem]] = {name: [] for name in GROUPS}
    for link, item in zip(links, nav_items(links, path), strict=True):
        groups.setdefault(link.group, []).append(item)
    groups[OTHER] = groups.pop(OTHER, [])
    return [NavGroup(name, items) for name, items in groups.items() if items]


def can_enter_desk(user: Any) -> bool:
    return user is not None and user.is_authenticated and user.has_perm("users.enter_office")


@cache
def page_permission(url_name: str) -> str:
    """The permission that the page asks for. A list in the admin asks for the permission to view its model."""
    view = resolve(reverse(url_name)).func
    if model_admin := getattr(view, "model_admin", None):
        return f"{model_admin.opts.app_label}.view_{model_admin.opts.model_name}"
    return getattr(view, PERMISSION, "")


def is_permitted(user: Any, url_name: str, permission: str = "") -> bool:
    needed = permission or page_permission(url_name)
    return not needed or user.has_perm(needed)


def permitted_links(attribute: str, user: Any) -> list[NavLink]:
    return [link for link in reachable_links(attribute) if is_permitted(user, link.url_name, link.permission)]


def build_navigation(user: Any, path: str) -> Navigation:
    is_logged_in = user is not None and user.is_authenticated
    return Navigation(
        site=nav_items(reachable_links("SITE_LINKS"), path),
        account=nav_items(permitted_links("ACCOUNT_LINKS", user), path) if is_logged_in else [],
        desk=group_items(permitted_links("DESK_LINKS", user), path) if can_enter_desk(user) else [],
        footer=nav_items(reachable_links("FOOTER_LINKS"), path),
        header=[name for module in app_modules("navigation") for name in getattr(module, "HEADER_TEMPLATES", [])],
    )
