"""The links of this app in the menus, and what needs attention at the desk."""

from django.utils.translation import gettext_lazy as _

from common.navigation import MAIL_AND_TEXTS, SYSTEM, NavLink
from common.work_lists import WorkItem
from pages.domain import contact

SITE_LINKS = [NavLink(_("About"), "aboutus"), NavLink(_("Contact"), "contact")]

DESK_LINKS = [
    NavLink(_("Inbox"), "desk_contact", _("Messages from the contact page, and who has answered."), MAIL_AND_TEXTS),
    NavLink(_("Site text"), "desk_texts", _("Edit, preview and publish the texts of this site."), MAIL_AND_TEXTS),
    NavLink(_("Admin"), "admin:index", _("Every record of the school, to look up and correct."), SYSTEM),
]

DESK_WORK = [WorkItem(_("message to answer"), _("messages to answer"), "desk_contact", contact.unanswered_messages)]
