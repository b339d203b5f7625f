"""The links of this app in the menus."""

from common.navigation import NavLink

ACCOUNT_LINKS = [NavLink("My profile", "profile_page")]
