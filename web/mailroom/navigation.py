"""The links of this app in the menus, and what needs attention at the desk."""

from common.navigation import MAIL_AND_TEXTS, NavLink
from common.work_lists import WorkItem
from mailroom.domain import office_actions

ACCOUNT_LINKS = [NavLink("Messages", "my_messages")]

DESK_LINKS = [
    NavLink(
        "Mail",
        "desk_mail",
        permission="mailroom.view_message",
        about="Every email: sent, waiting or failed.",
        group=MAIL_AND_TEXTS,
    )
]

DESK_WORK = [
    WorkItem(
        one="email may not have gone out",
        many="emails may not have gone out",
        url_name="desk_mail",
        permission="mailroom.view_message",
        rows=office_actions.possibly_sent_messages,
        query="?state=perhaps",
    ),
    WorkItem(
        one="email could not be sent",
        many="emails could not be sent",
        url_name="desk_mail",
        permission="mailroom.view_message",
        rows=office_actions.parked_messages,
        query="?state=parked",
    ),
]
