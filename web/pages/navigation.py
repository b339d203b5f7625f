"""The links of this app in the menus, and what needs attention at the desk."""

from django.utils.translation import gettext_lazy as _

from common.navigation import MAIL_AND_TEXTS, SYSTEM, NavLink
from common.work_lists import WorkItem
from pages.domain import contact

SITE_LINKS = [NavLink(_("About"), "aboutus"), NavLink(_("Contact"), "contact")]

DESK_LINKS = [
    NavLink(
        _("Inbox"),
        "desk_contact",
        permission="pages.view_contactmessage",
        about=_("Messages from the contact page, and who has answered."),
        group=MAIL_AND_TEXTS,
    ),
    NavLink(
        _("Site text"),
        "desk_texts",
        permission="pages.change_sitecontent",
        about=_("Edit, preview and publish the texts of this site."),
        group=MAIL_AND_TEXTS,
    ),
    NavLink(
        _("Admin"),
        "admin:index",
        about=_("Every record of the school, to look up and correct."),
        group=SYSTEM,
    ),
]

DESK_WORK = [
    WorkItem(
        one=_("message to answer"),
        many=_("messages to answer"),
        url_name="desk_contact",
        permission="pages.view_contactmessage",
        rows=contact.unanswered_messages,
    )
]
