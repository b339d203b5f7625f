"""The links of this app in the menus, and what needs attention at the desk."""

from common.navigation import NavLink

ACCOUNT_LINKS = [NavLink("My profile", "profile_page")]
