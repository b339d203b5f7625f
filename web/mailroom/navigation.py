"""The links of this app in the menus, and what needs attention at the desk."""

from django.utils.translation import gettext_lazy as _

from common.navigation import MAIL_AND_TEXTS, NavLink
from common.work_lists import WorkItem
from mailroom.domain import office_actions

ACCOUNT_LINKS = [NavLink(_("Messages"), "my_messages")]

DESK_LINKS = [NavLink(_("Mail"), "desk_mail", _("Every email: sent, waiting or failed."), MAIL_AND_TEXTS)]

DESK_WORK = [
    WorkItem(
        _("email may not have gone out"),
        _("emails may not have gone out"),
        "desk_mail",
        office_actions.possibly_sent_messages,
        query="?state=perhaps",
    ),
    WorkItem(
        _("email could not be sent"),
        _("emails could not be sent"),
        "desk_mail",
        office_actions.parked_messages,
        query="?state=parked",
    ),
]
