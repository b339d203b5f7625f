"""The links of this app in the menus."""

from django.utils.translation import gettext_lazy as _

from common.navigation import NavLink

ACCOUNT_LINKS = [NavLink(_("My profile"), "profile_page")]
